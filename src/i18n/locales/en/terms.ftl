# The words we insist on. No other file may spell them out.
-service = Minh Bạch
-record-book = record book that cannot be altered
-mark = checkpoint
-vietnam-time = Vietnam time
-sensitive = sensitive

# How an entry was lawful
basis-statutory = By law
basis-consent = You agreed
basis-consent-kind = With the citizen’s consent
basis-emergency = Emergency
basis-emergency-kind = In an emergency
basis-contract = By contract

# What an entry records
event-allowed = Allowed to view
event-released = Viewed
event-nothing = Nothing received
event-refused = Refused
event-reported = Viewed at the holder
event-revoked = Permission given back
event-looked = Read by a compliance officer
event-program = Read by a program for you
event-looked-again = Emergency read again by an official
event-own = Viewed by you

tag-sensitive = Includes sensitive information
tag-repeat = Sent again
word-sensitive = { -sensitive }
