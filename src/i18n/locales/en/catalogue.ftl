purposes-h1 = Who may view what, and why
purposes-lead = Agencies may view information only for the tasks below. Each task covers only the kinds it names.
purposes-none = No task has been published yet.
purpose-back = Back to the list of tasks
purpose-fields-at-most =
    { $count ->
        [one] At most { $count } kind of information
       *[other] At most { $count } kinds of information
    }
purpose-draft = Not in force yet
purpose-retired = No longer in force
purpose-not-active-means = Every request for this task is refused.
purpose-fields-h3 = Information that may be viewed
purpose-fields-only = Nothing outside this list may be viewed.
purpose-field-optional = (only when the case needs it)
purpose-case-required = Must be given. Without a case, nothing may be viewed.
purpose-case-none = This task needs no case code.
purpose-official-none = A system does this task by itself; no official is named.
purpose-official-asserted = The agency must name a registered official.
purpose-official-proved = The official must be signed in at the agency.
purpose-limits = Limit each time
purpose-limits-are =
    Each permission can be used { $uses ->
        [one] once
       *[other] at most { $uses } times
    }, within { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }.
purpose-agencies = Agencies that may do this
purpose-agencies-none = No agency is registered yet.
purpose-code = Code and version
purpose-terms-h3 = What else binds it
purpose-consent-days =
    One agreement counts for at most { $count ->
        [one] { $count } day
       *[other] { $count } days
    }.
purpose-consent-uses =
    In that time the agency may open the information { $count ->
        [one] once
       *[other] at most { $count } times
    }.
purpose-consent-an-hour =
    At most { $count ->
        [one] once an hour
       *[other] { $count } times an hour
    }.
purpose-consent-a-day =
    At most { $count ->
        [one] once a day
       *[other] { $count } times a day
    }.
purpose-consent-a-week =
    At most { $count ->
        [one] once a week
       *[other] { $count } times a week
    }.
purpose-consent-a-month =
    At most { $count ->
        [one] once a month
       *[other] { $count } times a month
    }.
purpose-consent-answer =
    A request waits { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    } for an answer. No answer means no.
purpose-consent-lapse =
    It ends by itself after { $count ->
        [one] { $count } day
       *[other] { $count } days
    } without use.
purpose-consent-child = For a child of seven or more, the child and the representative must both agree.
purpose-emergency-officials =
    Two different officials must decide together. Both have just signed in. They can look for { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    } at most.
purpose-emergency-report =
    Afterwards they must report why within { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }. Those who are late are stopped.
purpose-guardian = Representatives
purpose-guardian-hidden = Are not told of this task, to protect the person they stand for.
agencies-h1 = Agencies
agencies-lead = These agencies may use { -service }. Each has somebody who answers for personal information.
agencies-none = No agency is registered yet.
agency-purposes-none = This agency may not view anything at present.
agency-purposes-are = May view information for: { $list }.
agency-contact-h3 = Whom to ask
agency-code = Agency code:
data-kinds-h1 = Kinds of information
data-kinds-lead = These are all the kinds of information an agency can ask for through { -service }.
data-kinds-none = No kind of information has been published yet.
data-kinds-never-h2 = Never shown
data-kinds-never = No agency can ask for these kinds through { -service }.
data-kind-about-others = about other people too: given to nobody for now
data-kind-decree = Decree 356/2025/NĐ-CP, article { $value }
