service-name = { -service }
skip-to-content = Skip to main content
demonstration-notice = Demonstration. All people and all cases here are made up.
nav-label = Pages
nav-me = My page
nav-history = Who has looked
nav-requests = Agencies asking me
nav-consents = I have agreed
nav-choices = My choices
nav-people = Acting for others
nav-compliance = Compliance
nav-purposes = Who may view what, and why
nav-agencies = Agencies
nav-data-kinds = Kinds of information
nav-log = The record book and how to check it
nav-sign-in = Sign in
nav-sign-out = Sign out
header-nobody = Not signed in
header-id-ends-with = Signed in, identity number ending in { $value }
header-signed-in-as = Signed in: { $value }
footer-hotline = Call for help: { $value }
footer-operator = Operated by: { $value }
go-home = Go to the first page

date-time = { $date }, { $time } ({ -vietnam-time })
list-and = { $list } and { $last }
list-more =
    { $count ->
        [one] { $list } and { $count } other item
       *[other] { $list } and { $count } other items
    }

filter-all = All
filter-apply = Filter the list
error-prefix = Error:
form-problem-h2 = One thing needs fixing

basis-statutory-means = The law lets the agency view this without asking you.
basis-consent-means = You agreed that this may be viewed. You can stop it at any time.
basis-emergency-means = The agency viewed this in an emergency, to protect life, health or safety.
basis-contract-means = The agency viewed this to carry out a contract you signed.
basis-statutory-condition = The law lets the agency view this without asking the citizen.
basis-consent-condition = The agency must ask first. It may view only once the citizen agrees.
basis-emergency-condition = Only when life, health or safety must be protected at once.
basis-contract-condition = Only to carry out a contract the citizen has signed.
citation-unverified = (not yet compared with the published text)
sensitive-means = Sensitive information is protected more strictly by law: health, ethnicity or offences, for example.

contact-phone = Telephone:
contact-email = E-mail:
contact-address = Address:

error-nothing-changed = Nothing has changed.
error-call = If this happens again, call { $value } and read out the code below.
error-support = Support code:
error-not-found = This page was not found
error-not-found-do = The address may be mistyped, or the page may not be yours. Please go back and choose again.
error-not-allowed = You cannot open this page
error-not-allowed-do = This page is for another role. Please sign out and sign in with that role.
error-suspended = This official may not act at present
error-suspended-do = Please see the person in charge at your agency. A late emergency report stops an official’s work here.
error-sign-in-again = Please sign in again
error-sign-in-again-do = Your session has ended or has not begun. We close sessions to keep you safe.
error-sign-in-failed = Signing in did not work
error-sign-in-failed-do = The place that confirms who you are did not answer properly. Please try again.
error-sign-in-too-weak = This sign-in was not strong enough
error-sign-in-too-weak-do = The place where you signed in did not confirm, strongly and just now, that it is you. Open the request again and try once more, or choose another place.
error-form-expired = This page is out of date
error-form-expired-do = Please go back, reload the page and send it again.
error-bad-request = We did not understand this request
error-bad-request-do = Please go back and check what you filled in.
error-changed = This has been answered or changed already
error-changed-do = Please open your list again and see how it stands now.
error-too-late = The time to answer is over
error-too-late-do = No answer counts as no. The agency can ask again if it still needs to.
error-needs-other = The other person must answer now
error-needs-other-do = You have agreed already. Two people must agree, so please wait for the other one.
error-ruled-out = Your own choices rule this out
error-ruled-out-do = Nothing has been allowed. To allow it, first remove that choice on the page “My general choices”.
error-request-gone = This request is over or unknown
error-request-gone-do = Please go back to the agency and begin again there.
error-not-for-you = This request is not about you
error-not-for-you-do = Please sign in as the person whom the agency asks, or go back to the agency.
error-only-herself = Only the person herself or himself can do this
error-only-herself-do = You are acting for another person. Stop acting if you want to open your own page.
error-out-of-scope = You may not do this for the other person
error-out-of-scope-do = Nothing has changed. The page “Acting for others” says what you may do.
error-acting-over = You no longer act for the other person
error-acting-over-do = Nothing has changed. Please open the page again to see it as yourself.
error-represented = This is not for you alone to decide
error-represented-do = Nothing has changed. A parent, a guardian or an office decides this.
error-too-many = Too many requests
error-too-many-do = Please wait a minute and try again.
error-unavailable = The service is busy
error-unavailable-do = Please try again in a few minutes.
error-internal = Something went wrong on our side
error-internal-do = This is not your fault. Please try again in a few minutes.
