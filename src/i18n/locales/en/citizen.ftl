home-h1 = Who has looked at my information?
home-lead = Here you can see which agency viewed your information, what it viewed, and why.
home-sign-in = Sign in to see
home-go-on = Go to my page
home-promises-h2 = Three promises
home-promise-recorded = Record first, view after. Nothing is viewed through { -service } without being recorded.
home-promise-purpose = One task, only what it needs. An agency can view only what that task requires.
home-promise-checked = You can check it yourself. Every record has a proof you can download.
home-covered-h2 = Registers that take part
home-covered = When these registers are viewed through { -service }, you can see it on your page.
home-covered-none = No register takes part yet.
home-held-by = Held by: { $value }
home-covered-since = Takes part since { $value }
home-not-covered = Views in other registers, or not made through { -service }, do not appear here.
home-consent-h2 = Is my agreement always needed?
home-consent = No. For most procedures the law lets the agency view without asking. You may still know, ask why, and object to mistakes.

sign-in-h1 = Choose how to sign in
sign-in-lead = { -service } does not keep your password. We never ask for OTP codes by telephone.
sign-in-none = No place to sign in has been set up yet.
sign-in-citizen = Citizens
sign-in-citizen-means = To see who has looked at your information.
sign-in-official = Officials
sign-in-official-means = For officials of an agency.
sign-in-compliance = Compliance officers
sign-in-compliance-means = To check what your own agency has viewed.
sign-in-with = Sign in with { $value }
signed-out-h1 = You are signed out
signed-out-lead = On a shared computer, please close the browser as well.
signed-out-provider = You may still be signed in at { $value }. Please sign out there too.

me-h1 = My page
me-summary =
    In the last { $days } days, { $agencies ->
        [one] { $agencies } agency
       *[other] { $agencies } agencies
    } viewed your information { $views ->
        [one] once
       *[other] { $views } times
    }.
me-summary-none = In the last { $days } days, no agency viewed your information.
me-refusals =
    { $count ->
        [one] One request was refused. Nobody saw anything that time.
       *[other] { $count } requests were refused. Nobody saw anything those times.
    }
me-latest-h2 = Latest
me-all = See all
me-go-h2 = Find out more
me-go-purposes = Who may view what, and why
me-go-agencies = Which agency to ask, and whom
me-go-log = The record book and how to check it

history-h1 = Who has looked at my information
history-more = Show more
history-time-zone = Times shown here are { -vietnam-time }.
history-covered = Only views made through { -service } appear here.
history-covered-link = Registers that take part
history-empty-week = No agency has viewed your information in the last 7 days. If one does, it will appear here.
history-empty-month = No agency has viewed your information in the last 30 days. If one does, it will appear here.
history-empty-year = No agency has viewed your information in the last 12 months. If one does, it will appear here.
history-empty-all = No agency has viewed your information. If one does, it will appear here.
history-empty-filtered = The agency you chose viewed nothing in this period. Please choose another agency or period.
filter-agency = Agency
filter-all-agencies = All agencies
filter-period = Period
period-week = Last 7 days
period-month = Last 30 days
period-year = Last 12 months
period-all = All time

row-allowed = { $agency } was allowed to view your { $fields } from { $time }.
row-released = { $agency } viewed your { $fields } at { $time }.
row-nothing = { $agency } asked to view your { $fields } at { $time }.
row-refused = { $agency } asked to view your { $fields } at { $time } and was refused.
row-reported = { $agency } reported viewing your { $fields } at { $time }.
row-revoked = { $agency } gave back its permission to view your information at { $time }.
row-looked = A compliance officer of { $agency } read the records that concern you at { $time }.
row-program = A program of { $agency } read your { $fields } for you at { $time }.
row-looked-again = An official of { $agency } read again about the emergency that concerned you at { $time }.
row-own = You read your own page at { $time }.
row-reason = Reason: { $purpose }.
row-times =
    { $count ->
        [one] once
       *[other] { $count } times
    }
row-details = See details
row-details-of = See details: { $agency }, at { $time }

note-allowed = At that moment no information had been passed on.
outcome-allowed = The agency was allowed to view. At that moment no information had been passed on.
outcome-released = The information was passed to the agency.
outcome-nothing = The agency was allowed to view, but received no information.
outcome-refused = No information was passed on.
outcome-reported = The holder of the data reported that the information was viewed.
outcome-revoked = The agency gave its permission back before the end. From then on it could view nothing.
outcome-looked = The compliance officer could read the record only, not the information itself.
outcome-program = The program received this so that it can show it to you. It could change nothing.
outcome-looked-again = The official could read only what they did themselves, not the information itself.
outcome-own = This was you. No agency received anything.

access-back = Back to the list
access-h1-allowed = { $agency } was allowed to view your information
access-h1-released = { $agency } viewed your information
access-h1-nothing = { $agency } did not receive your information
access-h1-refused = { $agency } was refused your information
access-h1-reported = { $agency } reported viewing your information
access-h1-revoked = { $agency } gave back its permission to view your information
access-h1-looked = A compliance officer of { $agency } read the record book
access-h1-program = A program of { $agency } read your page for you
access-h1-looked-again = An official of { $agency } read again about the emergency
access-h1-own = You read your own page
access-who = Agency
access-client = Through the software: { $value }
access-official = Official
access-official-code = Official’s code: { $value }
access-approver-code = Code of the official who approved: { $value }
official-none = No official was named.
official-asserted = The agency stated this code. { -service } has not confirmed the person itself.
official-proved = This official was signed in at the agency when asking.
access-when = When
access-when-is = { $time }, { $day } ({ -vietnam-time })
access-times =
    { $count ->
        [one] One such request within 10 minutes.
       *[other] { $count } such requests within 10 minutes.
    }
access-repeat = The connection broke, so the same answer was sent again.
access-fields-released = Information viewed
access-fields-allowed = Information allowed
access-fields-asked = Information asked for
access-missing = Not received
missing-source-unavailable = The register did not answer in time.
missing-no-record = The register has no file about you.
missing-no-value = Your file does not hold this information.
access-why = What for
access-case = Case code
access-justification = As stated by the agency
access-justification-note = These are the agency’s own words. { -service } has not checked them.
access-basis = Legal basis
access-basis-claimed = Basis the agency gave
access-basis-claimed-note = The request was refused, so this basis opened nothing.
access-rules = Why
access-allowed-because = Allowed because { $because }.
access-refused-because = Refused because { $because }.
access-rules-codes = For experts: rule codes
access-policy-version = Version of the rules applied:
access-retention = How long the agency may keep it
access-id = Record code

proof-h2 = Has this record been altered?
proof-waiting = This record is written. Its proof will be ready in a few seconds; please reload.
proof-holds = It matches. The server has checked: this record is intact in the record book.
proof-fails = It does not match. This record may have been altered. Please call us now.
proof-place = Record { $number } of { $size }, under the { -mark } of { $date } at { $time }.
proof-means = The proof shows that this record has not been altered or removed since the { -mark }.
proof-does-not-mean = The proof does not show that every view made elsewhere was recorded.
proof-server-caveat = Our own server made this check. To rely on nobody, download the proof and check it yourself.
proof-download-json = Download the proof (proof.json)
proof-download-tlog = Download the proof (tlog-proof)
proof-how = How to check it yourself
proof-command = Run this command on your own computer:
proof-other-tools = The tlog-proof file can be read by other people’s tools for the C2SP standard.
proof-leaf = Hash of the record
proof-index = Position, counted from 0
proof-size = Records in the book
proof-origin = Name of the record book

contact-h2 = Do you want to ask why?
contact-lead = Please ask the person who looks after personal information at the agency. Tell them the record code above.
contact-or-hotline = If you cannot reach them, call { $value }.

log-h1 = The record book and how to check it
log-lead = Every view through { -service } goes into a { -record-book }. Anyone can check it without signing in.
log-no-names = The public part holds hashes only. It holds no names, identity numbers or anybody’s information.
log-checkpoint-h2 = Latest { -mark }
log-no-checkpoint = There is no { -mark } yet. It will appear here with the first record.
log-size = The book held { $size } records on { $date } at { $time } ({ -vietnam-time }).
log-download = Download the { -mark }
log-check-h2 = Check it yourself
log-check-keep = Download today’s { -mark } and keep it.
log-check-compare = Later, download a new one. The two must fit together: the book only grows, its old part never changes.
log-check-tool = Use any tool for the C2SP standard, with the address and key below.
log-address = Address of the book
log-key = Public key
log-proves-h2 = What a proof tells you
