# The exact text read before answering: changing a word here changes its hash
notice-who = Who is asking
notice-what = What they want to see
notice-why = What for
notice-until = Until when
notice-recipient = Only this agency receives the information.
notice-processors = This agency passes the information on to these bodies and must make them stop with it:
notice-required = Needed for { $purpose }:
notice-optional = Not required. When you answer, you choose each one separately:
notice-only-this = It may be used for this only, and for nothing else.
notice-case = Case code: { $value }
notice-own-words = The agency adds:
notice-validity = From { $from } until { $until }.
notice-ends-itself = It then ends by itself.
notice-retention = How long the agency may keep it:
notice-older = What was allowed before
notice-older-ends = If you say yes, what was allowed this agency before ends:
notice-older-stays = If you say yes, this is added to what was allowed before, which stays as it is:
notice-older-other = Something else
consent-of-day = { $purpose } (on { $date })
notice-refusing-h2 = If you say no
notice-free = The choice is yours.
notice-rights-h2 = Your rights and duties
notice-right-withdraw = You can stop sharing at any time, on this site or by telephone.
notice-right-past = Stopping does not undo what the agency has lawfully viewed before.
notice-right-see = You can see, correct or copy your information, or ask to limit or delete it.
notice-right-complain = If something is wrong, you can object, report it, go to court or claim damages.
notice-duty = It is your duty to give correct information and to respect other people’s information.
notice-law = The articles of law
notice-law-consent = You are asked under Law 91/2025/QH15, articles 9 to 11, and Decree 356/2025/NĐ-CP, articles 5 and 6.
notice-contact = Whom to ask at the agency
limit-once = It may be viewed once only.
limit-uses = It may be viewed at most { $count } times.
limit-per-hour =
    { $count ->
        [one] Not more than once an hour.
       *[other] Not more than { $count } times an hour.
    }
limit-per-day =
    { $count ->
        [one] Not more than once a day.
       *[other] Not more than { $count } times a day.
    }
limit-per-week =
    { $count ->
        [one] Not more than once a week.
       *[other] Not more than { $count } times a week.
    }
limit-per-month =
    { $count ->
        [one] Not more than once in 30 days.
       *[other] Not more than { $count } times in 30 days.
    }
limit-hours = Only from { $from } to { $to } each day.
scope-me-history = history of who viewed your information
scope-me-consents = list of what you were asked and what you answered

# The citizen's own token: what a program may read for her. Changing a word here means asking everybody again
own-token-title = Let a program read for you
own-token-reason = This program reads what you can read on this site yourself, to show it to you. Each time it may read for five minutes. It cannot answer, allow or stop anything for you.
own-token-requesters = An agency with a program that is registered for it
own-token-retention = Only while it shows the records to you.
own-token-refusing = Then the program sees nothing. You can still read everything on this site, or ask by telephone.
own-token-rule = You allowed this program to read for you, and you have not stopped it.
own-token-law-rights = Personal Data Protection Law 91/2025/QH15, Art. 4(1)
own-token-law-consent = Personal Data Protection Law 91/2025/QH15, Art. 9
own-token-software = The program: { $value }

# Answering
request-h1 =
    { $count ->
        [one] { $agency } asks to see one piece of your information
       *[other] { $agency } asks to see { $count } pieces of your information
    }
request-h1-for =
    { $count ->
        [one] { $agency } asks to see one piece of information about { $name }
       *[other] { $agency } asks to see { $count } pieces of information about { $name }
    }
request-first = This agency is asking you for the first time. If you do not know why, please call it before you answer.
request-compare = Compare this with the agency’s screen. If it is different, please do not agree:
request-joint = The representative and the child must both agree. Nobody has answered yet.
request-joint-other = Two people must agree. Already agreed: { $value }. Your answer is still missing.
request-joint-reader = You have agreed. One more person must agree before the agency can see anything.
request-joint-representative = A parent or guardian answers this request. You can still see everything.
request-joint-person = the person who is asked
request-own-only = Only a person who decides alone can allow this. You can say no, or wait until you decide alone.
request-unanswerable = Nobody can answer this request for now. The agency sees nothing.
request-look-only = You may see this request, but not answer it.
request-answer-h2 = Your answer
request-optional = Information that is not required
request-optional-hint = Tick only what you want to show in addition. You may leave all of it empty.
request-refuse = Do not allow
request-give = Allow
request-defer = Answer later
request-answer-by = Please answer by: { $value }.
request-text-changed = The text has changed since you opened this page. Please read it again before you answer.
request-older = See again what was allowed before:
request-silence = If you do not answer, that counts as no.
request-see-consent = See details
consent-by-telephone = You can do this without a computer. Call { $value }, or go to the one-stop desk of your commune or ward.

request-outdated-h1 = The purpose has changed
request-outdated-lead = What { $value } asked for is no longer what it would be used for today.
request-outdated-nothing = Nothing was shared, and there is nothing you need to do. The agency must ask again.

step-up-h1 = A stronger sign-in is needed
step-up-lead = { $value } is asking to see your information.
step-up-sensitive = Sensitive information is among it. We need to be sure that it is you who answers.
step-up-purpose = For this, we need to be sure that it is you who answers.
step-up-both = You need this step to say yes and to say no.
step-up-with = Confirm with { $value }
step-up-later = Leave it for later, back to the requests

request-done-given = You have allowed { $agency } to look
request-done-given-other = { $agency } is now allowed to look
request-done-half = You have agreed. We are waiting for one more person
request-done-refused = You have not allowed { $agency } to look
request-done-refused-other = The other person has not allowed { $agency } to look
request-done-over = The request of { $agency } is over
request-done-ended = Ended with it
request-done-joined = Added to
request-done-deferred = You will answer { $agency } later
request-next-given = The agency may look, within the limits agreed to. Every time it looks is recorded.
request-next-half = Nobody has seen anything yet. The agency may look only once the other person agrees too.
request-next-refused = The agency cannot see anything. What you need can still be done another way, as stated.
request-next-deferred = The request stays on your list. Nobody has seen anything yet.
onward-waits = Once the request has been answered, you go back to the agency from this very browser.
onward-look = See whether it has been answered
onward-elsewhere = To go on, open this request again on the device where the agency’s site was open.
done-recorded = Recorded: { $value }.
done-back-to-agency = Go back to { $value }
receipt-number = Receipt number
receipt-download = Download the receipt (digitally signed)

# Requests
requests-h1 = Agencies asking me
requests-lead = These agencies ask to see your information. The choice is yours.
requests-back = Back to the requests
requests-waiting-h2 = Waiting for an answer
requests-none-waiting = No request is waiting. When an agency asks, its request will appear here.
requests-over-h2 = Done
requests-row = { $agency } asks to see your { $fields }.
requests-asked-on = Asked on { $value }.
requests-open = Read and answer
requests-open-of = Read and answer: { $value }
mute-h2 = This agency’s questions
mute-do = Mute this agency’s questions
mute-undo = Hear this agency’s questions again
mute-means = If you are asked too often, you can mute them. We will then not pass on new questions from this agency.
mute-is = This agency’s questions are muted. If it asks, you are not disturbed and it sees nothing.

# Consents
consents-h1 = What I have agreed to
consents-lead = You can stop sharing at any time.
consents-back = Back to what I have agreed to
consents-filter = Show
consents-none = There is nothing here yet. Once you answer a request, it will appear here.
consents-current-h2 = Now in force
consents-over-h2 = Ended
consents-row-given = { $agency } may view your { $fields }.
consents-row-held = { $agency } may not view your { $fields } for now.
consents-row-never = { $agency } asked to see your { $fields } and was not allowed to.
consents-row-ended = { $agency } was allowed to view your { $fields } before.
consents-until = Until { $value }.
consents-ended-on = Ended on { $value }.
consents-unused = Not viewed so far.
consents-used = The agency has used { $used } of { $max } views.
consents-used-last = The agency has used { $used } of { $max } views, last on { $last }.
consents-open-of = See details: { $value }
consents-withdraw-of = Stop sharing: { $value }
consents-law-note = What the law lets agencies view without asking is on the page:

consent-state-requested = Waiting for an answer
consent-state-deferred = To be answered later
consent-state-half-given = Waiting for one more person
consent-state-refused = Not allowed
consent-state-unanswered = Not answered
consent-state-given = Allowed now
consent-state-paused = Paused
consent-state-under-review = To be looked at again
consent-state-withdrawn = Sharing stopped
consent-state-revoked = Ended early
consent-state-expired = Expired
consent-state-invalidated = Must be asked again
consent-state-lapsed = Ended, not used for long
consent-state-superseded = Replaced by a new one
consent-means-waiting = The agency has seen nothing. It may look only once this is agreed to.
consent-means-half-given = One person has agreed, one has not answered yet. The agency has seen nothing.
consent-means-refused = The answer was no. The agency sees nothing.
consent-means-unanswered = The request ended without an answer. The agency sees nothing.
consent-means-given = The agency may look, within the limits below.
consent-means-paused = While this is paused, the agency may not look.
consent-means-under-review = Your representative agreed to this before. Now you decide alone. Until you keep it, the agency may not look.
consent-means-withdrawn = Sharing was stopped. The agency may not look again.
consent-means-revoked = A competent authority ended this. The agency may not look again.
consent-means-guarded = A representative now decides with you or for you. So the program may not read for you any more.
consent-means-returned = The agency gave this back itself. It may not look again.
consent-means-expired = Its time is over. The agency may not look again.
consent-means-invalidated = What was asked for has changed. To look, the agency must ask again.
consent-means-lapsed = It was not used for long, so it ended. The agency may not look again.
consent-means-superseded = A new one has taken its place. This one no longer counts.

consent-h1 = { $state }: { $agency }
consent-back = Back to the details
consent-withdraw = Stop sharing
consent-pause = Pause
consent-resume = Go on sharing
consent-confirm = Keep it
consent-review-h2 = What waits for your decision
consent-review-silence = You need not answer now. Until you do, the agency sees nothing.
consent-review-record-h2 = Recorded so far
consent-pause-means = While it is paused, the agency cannot look, and you can let it go on. Stopping is for good.
consent-granted = Allowed
consent-refused-fields = Not allowed
consent-uses = How often it was viewed
consent-history-h2 = What has happened
consent-history-none = Nothing is recorded yet.
consent-text = Read again what was read
consent-text-means = This is word for word what was read when answering. Its check code:

progress-h2 = What the agency has done
progress-told = We told the agency on { $date }.
progress-not-told = The agency has not taken our message yet. We have kept trying since { $date }.
progress-acknowledged = The agency confirmed on { $date } that it knows.
progress-stop-by = The agency must stop using the information by { $date }.
progress-extended = The agency took more time, once, until { $date }.
progress-stopped = The agency reported that it stopped on { $date }.
progress-stop-overdue = The agency had to stop by { $date } and has not reported it.
progress-erased = The agency reported that it deleted the information on { $date }.
progress-suspended = The agency did not confirm in time. Since { $date } this software may ask for nothing.
progress-closed = Everything was done on { $date }. You can download the closing receipt.

# A code to be asked
hint-h2 = Let this agency ask you
hint-means = You can make a code. With it the agency can send you a question without knowing your number.
hint-do = Make a code
hint-h1 = Code to be asked
hint-back = Back to { $value }
hint-until = It can be used until { $value }, once, by this agency only.
hint-code = Your code
hint-spelling = It has digits and capital letters only. 0 and 1 are always digits.
hint-give = Read it out or show it to the agency. Give it to nobody else.
hint-once = With the code the agency can only ask. It does not see anything yet.
hint-answer = The question will be among your requests. You are free to agree or to refuse.
hint-gone = It is shown this once. If you make another one, this one can no longer be used.
hint-requests = See requests
hint-ruled-out = You chose never to let this agency view anything, so it cannot ask. No code was made.
hint-choices = See your choices

# Taking back
withdraw-h1 = Stop sharing with { $value }
withdraw-stops = From the moment you press the button, { $agency } cannot look again.
withdraw-past = What it has lawfully viewed before is kept as the law requires.
withdraw-law = What the law lets it view without asking does not stop.
withdraw-deadlines = The agency must reply by { $reply } and stop using the information by { $stop }.
withdraw-again = To share again later, you answer a new request.
withdraw-do = Stop sharing
withdraw-done-h1 = You have stopped sharing
withdraw-recorded = Stopped at { $time } on { $date }.
withdraw-follow = The details page shows whether the agency has confirmed and stopped.
withdraw-see = Follow what the agency does

agency-waits = This agency is waiting for your answer
agency-none = You allow this agency nothing now. It can view only what the law lets it view.
agency-stop-h2 = Stop everything with this agency
agency-stop-all = All you have agreed to with this agency is stopped at once.
agency-stop-waiting = Its requests that wait for you are answered with no.
agency-stop-never = We also add a general choice for you: never this agency. We then refuse it and do not ask you.
agency-stop-lift = You can remove that choice at any time on the page “My general choices”.
agency-never-is = You have chosen: never this agency. We refuse it at once and do not ask you.
agency-never-lift = To let it ask again, remove the choice on this page:
agency-stopped =
    { $count ->
        [0] Nothing was left to stop with this agency.
        [one] You have stopped sharing once with this agency.
       *[other] You have stopped sharing { $count } times with this agency.
    }
agency-stopped-requests =
    { $count ->
        [one] One waiting request was answered with no.
       *[other] { $count } waiting requests were answered with no.
    }
agency-stop-do = Stop everything with this agency

# What the history says of consent
me-waiting =
    { $count ->
        [one] One request is waiting for your answer
       *[other] { $count } requests are waiting for your answer
    }
me-reviews =
    { $count ->
        [one] One thing that a representative agreed to waits for your word
       *[other] { $count } things that a representative agreed to wait for your word
    }
me-emergencies-h2 = Emergency views in the last { $days } days
me-emergencies-more =
    { $count ->
        [one] One more stands in your history
       *[other] { $count } more stand in your history
    }
me-go-consents = What I have agreed to
me-go-choices = My general choices
me-go-people = Acting for others
access-h1-event = { $event }: { $agency }
access-h1-emergency = { $agency } was allowed to view your information in an emergency
access-h1-choice = A general choice has changed
access-h1-acted-for = A representative looked at these pages
access-h1-representation-begun = Acting for another person began
access-h1-representation-ended = Acting for another person ended
access-acting = Done by another person
access-acting-means = A representative did this, not the person whom the information is about.
access-overridden = Against a general choice
access-overridden-means = The law named under Legal basis allows this although you chose otherwise.
access-consent = Consent
access-consent-link = See what was agreed to
tag-overridden = The law goes before your choice
row-acting = Done by a representative: { $value }.

event-emergency = Emergency
event-asked = Asked to see
event-asked-muted = Question muted
event-asked-too-often = Too many questions
event-asked-ruled-out = Ruled out by your choice
event-given = Allowed
event-half-given = One person agreed
event-declined = Not allowed
event-deferred = To be answered later
event-unanswered = Time to answer is over
event-withdrawn = Sharing stopped
event-paused = Paused
event-resumed = Sharing resumed
event-ended = Ended by an authority
event-guarded = A program may not read for you any more
event-returned = Given back by the agency
event-expired = Expired
event-invalidated = Must be asked again
event-lapsed = Ended, not used for long
event-superseded = Replaced by a new one
event-reviewed = To be looked at again
event-confirmed = Confirmed
event-notice-sent = Agency told
event-notice-acknowledged = Agency confirmed
event-notice-stopped = Agency stopped
event-notice-erased = Agency deleted
event-notice-extended = Agency took more time
event-notice-overdue = Agency is late
event-notice-silent = Agency does not answer
event-choice-changed = General choice changed
event-acted-for = Seen by a representative
event-representation-begun = Acting for another began
event-representation-ended = Acting for another ended
event-emergency-reported = Emergency reported
event-emergency-overdue = Emergency report overdue

row-emergency = { $agency } was allowed in an emergency to view your { $fields } from { $time }.
row-asked = { $agency } asked at { $time } to see your { $fields }.
row-asked-muted = { $agency } wanted to ask at { $time } to see your { $fields }, but its questions are muted.
row-asked-too-often = { $agency } wanted to ask at { $time } to see your { $fields }, but you had been asked too often that day.
row-asked-ruled-out = { $agency } wanted to ask at { $time } to see your { $fields }, but your general choices rule it out.
row-given = Allowed at { $time }: { $agency } may view your { $fields }.
row-half-given = One of two people agreed at { $time } that { $agency } may view your { $fields }.
row-declined = Not allowed at { $time }: { $agency } may not view your { $fields }.
row-deferred = At { $time } the answer to { $agency } was left for later.
row-unanswered = The request of { $agency } ended at { $time } without an answer.
row-withdrawn = Sharing your { $fields } with { $agency } was stopped at { $time }.
row-paused = Sharing your { $fields } with { $agency } was paused at { $time }.
row-resumed = Sharing your { $fields } with { $agency } was resumed at { $time }.
row-ended = A competent authority ended sharing with { $agency } at { $time }.
row-guarded = The program of { $agency } lost its right to read for you at { $time }: a representative now decides.
row-returned = { $agency } gave back at { $time } its permission to view your { $fields }.
row-expired = Sharing your { $fields } with { $agency } expired at { $time }.
row-invalidated = What { $agency } had asked for changed at { $time }. It must ask again.
row-lapsed = Sharing with { $agency } ended at { $time }, because it was not used for long.
row-superseded = At { $time } a new consent for { $agency } took the place of the old one.
row-reviewed = Since { $time } you alone decide whether { $agency } may view your { $fields }.
row-confirmed = Sharing your { $fields } with { $agency } was confirmed at { $time }.
row-notice-sent = We told { $agency } at { $time } that the consent had changed.
row-notice-acknowledged = { $agency } confirmed at { $time } that it had received the notice.
row-notice-stopped = { $agency } reported at { $time } that it had stopped using the information.
row-notice-erased = { $agency } reported at { $time } that it had deleted the information.
row-notice-extended = { $agency } said at { $time } that it needs more time to stop.
row-notice-silent = { $agency } did not confirm our notice in time; at { $time } its software was stopped.
row-notice-overdue = { $agency } has not said that it stopped; its time was over at { $time }.
row-choice-changed = A general choice changed at { $time }.
row-acted-for = A representative began to look at these pages at { $time }.
row-representation-begun = Acting for another person began at { $time }.
row-representation-ended = Acting for another person ended at { $time }.
row-emergency-reported = { $agency } reported at { $time } on viewing in an emergency.
row-emergency-overdue = By { $time }, { $agency } had not reported on viewing in an emergency.

outcome-emergency = Two different officials confirmed the emergency. The agency must report on it within a time limit.
outcome-asked = At that moment nobody had seen anything. The agency may look only once this is agreed to.
outcome-asked-muted = We did not pass this question on. Nobody saw anything.
outcome-given = From then on the agency may look, within the limits agreed to.
outcome-half-given = Both people must agree. At that moment nobody had seen anything.
outcome-nobody-saw = Nobody saw anything.
outcome-unanswered = Not answering does not mean agreeing. Nobody saw anything.
outcome-no-more = From then on the agency may not look again.
outcome-paused = While this is paused, the agency may not look.
outcome-invalidated = The agency may not look again. If it wants to, it must ask again.
outcome-superseded = From then on only the new one counts.
outcome-reviewed = A representative agreed to it before. Until you keep it, the agency may not look.
outcome-notice-sent = The agency must confirm that it has received this.
outcome-notice-acknowledged = The agency knows and must act on it.
outcome-attested = These are the agency’s words. { -service } cannot check this itself.
outcome-notice-extended = The law allows this once. It still may not look again.
outcome-notice-silent = Its software may ask for nothing more, and we go on telling it.
outcome-notice-overdue = It may not look again. You can ask us what you can do.
outcome-choice-changed = The new choice counts from that moment.
outcome-acted-for = A representative sees only what was registered.
outcome-representation = The page “Acting for others” shows who acts for whom, and until when.
outcome-emergency-reported = The report is on the details page.
outcome-emergency-overdue = The two officials concerned may view nothing until this has been reviewed.
