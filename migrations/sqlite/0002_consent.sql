-- Consent, the grants that come of it, and what is told to those who relied on it. What a row says about a person is
-- sealed under her key; in the open stand only what the deciding transaction needs. The PostgreSQL twin is the same.

-- The present state of each consent: a projection of its events. With a rowid, as other tables whose rows are long: a
-- tree of them by key has four to a page, and is twice as deep.
CREATE TABLE consents (
    id         BLOB    NOT NULL PRIMARY KEY,
    subject    BLOB    NOT NULL,
    client     BLOB    NOT NULL,
    grant_id   BLOB,
    state      TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    asked_at   INTEGER NOT NULL,
    answer_by  INTEGER NOT NULL,
    starts     INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    max_uses   INTEGER NOT NULL,
    freq_n     INTEGER,
    freq_ms    INTEGER,
    opens      INTEGER,
    closes     INTEGER,
    wake       INTEGER,
    sealed     BLOB    NOT NULL
);
CREATE INDEX consents_subject ON consents (subject, id);
CREATE INDEX consents_client ON consents (client, subject);
CREATE INDEX consents_grant ON consents (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX consents_wake ON consents (wake) WHERE wake IS NOT NULL;

-- What happened to a consent, in order; rows are added and never changed.
CREATE TABLE consent_events (
    consent BLOB    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    act     TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    entry   BLOB    NOT NULL,
    sealed  BLOB    NOT NULL,
    PRIMARY KEY (consent, seq)
);

-- Each token issued on a consent: what frequency limits are counted from, and the entry its person finds it by when
-- the token is long gone.
CREATE TABLE consent_uses (
    consent BLOB    NOT NULL,
    at      INTEGER NOT NULL,
    token   BLOB    NOT NULL,
    entry   BLOB    NOT NULL,
    PRIMARY KEY (consent, at, token)
) WITHOUT ROWID;

-- A consent with how often it was used, and when last: counted, not kept, so that a use does not write the long row
-- anew.
CREATE VIEW consents_now AS
    SELECT c.*, (SELECT count(*) FROM consent_uses u WHERE u.consent = c.id) AS used,
           (SELECT max(u.at) FROM consent_uses u WHERE u.consent = c.id) AS last_use
      FROM consents c;

-- The exact texts people saw, by SHA-256; they hold no personal data.
CREATE TABLE consent_texts (
    hash BLOB NOT NULL PRIMARY KEY,
    lang TEXT NOT NULL,
    body TEXT NOT NULL
);

-- OAuth's result of consent (Grant Management for OAuth 2.0); its id is public and no credential.
CREATE TABLE grants (
    id         BLOB    PRIMARY KEY,
    client     BLOB    NOT NULL,
    subject    BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;

-- Refresh tokens by SHA-256; not rotated (FAPI 2.0 5.3.2.1), bound to the grant.
CREATE TABLE refresh_tokens (
    hash       BLOB    PRIMARY KEY,
    grant_id   BLOB    NOT NULL,
    client     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);

-- Pushed authorization requests by SHA-256 of the request_uri (RFC 9126); with the browser that arrived with one, by
-- SHA-256 of its cookie, and when that browser went back.
CREATE TABLE pushed_requests (
    hash    BLOB    PRIMARY KEY,
    client  BLOB    NOT NULL,
    consent BLOB,
    browser BLOB,
    sealed  BLOB    NOT NULL,
    expires INTEGER NOT NULL,
    left_at INTEGER
) WITHOUT ROWID;
CREATE INDEX pushed_requests_consent ON pushed_requests (consent) WHERE consent IS NOT NULL;

-- Authorization codes by SHA-256; used once through `replay`.
CREATE TABLE codes (
    hash    BLOB    PRIMARY KEY,
    client  BLOB    NOT NULL,
    consent BLOB    NOT NULL,
    sealed  BLOB    NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

-- Backchannel authentication requests by SHA-256 of the auth_req_id (CIBA). Without a consent: asked in vain, and
-- the client cannot tell. Invited: asked with a code of hers, which does not count among what she bears.
CREATE TABLE backchannel_requests (
    hash      BLOB    PRIMARY KEY,
    client    BLOB    NOT NULL,
    subject   BLOB    NOT NULL,
    consent   BLOB,
    sealed    BLOB    NOT NULL,
    asked_at  INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    next_poll INTEGER NOT NULL,
    invited   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX backchannel_requests_subject ON backchannel_requests (subject, asked_at);
CREATE INDEX backchannel_requests_consent ON backchannel_requests (consent) WHERE consent IS NOT NULL;

-- Codes by which a person lets one agency ask her, one a person and agency: keyed digests of both and of the code.
CREATE TABLE hint_codes (
    owner   BLOB    PRIMARY KEY,
    code    BLOB    NOT NULL UNIQUE,
    subject BLOB    NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

-- What recipients of data must be told, until they acknowledge it; written with the change that causes it.
CREATE TABLE notices (
    id         BLOB    PRIMARY KEY,
    client     BLOB    NOT NULL,
    consent    BLOB    NOT NULL,
    event      TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    next_at    INTEGER,
    fault      TEXT,
    sent_at    INTEGER,
    acked_at   INTEGER,
    late_at    INTEGER,
    stop_by    INTEGER,
    extended   TEXT,
    stopped_at INTEGER,
    overdue_at INTEGER,
    erased_at  INTEGER,
    closed_at  INTEGER
);
CREATE INDEX notices_next ON notices (client, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notices_poll ON notices (client, id) WHERE acked_at IS NULL AND closed_at IS NULL;
CREATE INDEX notices_late ON notices (created_at)
    WHERE acked_at IS NULL AND late_at IS NULL AND closed_at IS NULL AND event <> 'verification';
CREATE INDEX notices_stop ON notices (stop_by)
    WHERE stopped_at IS NULL AND overdue_at IS NULL AND closed_at IS NULL;
CREATE INDEX notices_consent ON notices (consent);

-- How a recipient wants to be told (SSF 1.0 stream, one a client).
CREATE TABLE streams (
    client     BLOB    PRIMARY KEY,
    id         BLOB    NOT NULL,
    method     TEXT    NOT NULL,
    endpoint   TEXT,
    sealed     BLOB,
    status     TEXT    NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- A person's own rules, one sealed list each; the revision is what a decision relied on.
CREATE TABLE standing (
    subject  BLOB    PRIMARY KEY,
    revision INTEGER NOT NULL,
    sealed   BLOB    NOT NULL
) WITHOUT ROWID;

-- Who may act for whom. `wake` is when to look again, not when anything ends: dates of birth stay sealed.
CREATE TABLE representations (
    id             BLOB    PRIMARY KEY,
    principal      BLOB    NOT NULL,
    representative BLOB    NOT NULL,
    created_at     INTEGER NOT NULL,
    wake           INTEGER NOT NULL,
    ended_at       INTEGER,
    sealed         BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX representations_principal ON representations (principal);
CREATE INDEX representations_representative ON representations (representative);
CREATE INDEX representations_wake ON representations (wake) WHERE ended_at IS NULL;

-- Emergency accesses that still owe their report.
CREATE TABLE emergencies (
    token       BLOB    PRIMARY KEY,
    subject     BLOB    NOT NULL,
    agency      TEXT    NOT NULL,
    official    BLOB    NOT NULL,
    approver    BLOB    NOT NULL,
    at          INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    reported_at INTEGER,
    overdue_at  INTEGER,
    sealed      BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX emergencies_due ON emergencies (due) WHERE reported_at IS NULL AND overdue_at IS NULL;
CREATE INDEX emergencies_official ON emergencies (official);
CREATE INDEX emergencies_approver ON emergencies (approver);

-- How far the look for consents that another policy bundle has overtaken has come: each activation begins a round,
-- `reached` is the last consent looked at, and nothing is left where it is NULL.
CREATE TABLE consent_sweep (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    round   INTEGER NOT NULL,
    reached BLOB
);
INSERT INTO consent_sweep (one, round, reached) VALUES (1, 0, zeroblob(16));

-- Numbers handed out in blocks, so that nodes do not meet.
CREATE TABLE counters (
    name TEXT    PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counters (name, next) VALUES ('status', 0);

ALTER TABLE tokens ADD COLUMN consent BLOB;
ALTER TABLE tokens ADD COLUMN grant_id BLOB;
ALTER TABLE tokens ADD COLUMN status INTEGER;
CREATE INDEX tokens_consent ON tokens (consent) WHERE consent IS NOT NULL;
CREATE INDEX tokens_status ON tokens (status) WHERE status IS NOT NULL;

-- What a client may do beside asking for one token: a JSON object, see `domain::client`.
ALTER TABLE clients ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
