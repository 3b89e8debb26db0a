-- Consent, the grants that come of it, and what is told to those who relied on it. What a row says about a person is
-- sealed under her key; in the open stand only what the deciding transaction needs. The SQLite twin is the same.

-- The present state of each consent: a projection of its events. Its long rows stay in one piece: read as a whole for
-- every token.
CREATE TABLE consents (
    id         UUID    PRIMARY KEY,
    subject    UUID    NOT NULL,
    client     UUID    NOT NULL,
    grant_id   UUID,
    state      TEXT    NOT NULL,
    revision   BIGINT NOT NULL,
    asked_at   BIGINT NOT NULL,
    answer_by  BIGINT NOT NULL,
    starts     BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    max_uses   BIGINT NOT NULL,
    freq_n     BIGINT,
    freq_ms    BIGINT,
    opens      BIGINT,
    closes     BIGINT,
    wake       BIGINT,
    sealed     BYTEA    NOT NULL
) WITH (toast_tuple_target = 8160);
CREATE INDEX consents_subject ON consents (subject, id);
CREATE INDEX consents_client ON consents (client, subject);
CREATE INDEX consents_grant ON consents (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX consents_wake ON consents (wake) WHERE wake IS NOT NULL;

-- What happened to a consent, in order; rows are added and never changed.
CREATE TABLE consent_events (
    consent UUID    NOT NULL,
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    act     TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    entry   UUID    NOT NULL,
    sealed  BYTEA    NOT NULL,
    PRIMARY KEY (consent, seq)
);

-- Each token issued on a consent: what frequency limits are counted from, and the entry its person finds it by when
-- the token is long gone.
CREATE TABLE consent_uses (
    consent UUID    NOT NULL,
    at      BIGINT NOT NULL,
    token   UUID    NOT NULL,
    entry   UUID    NOT NULL,
    PRIMARY KEY (consent, at, token)
);

-- A consent with how often it was used, and when last: counted, not kept, so that a use does not write the long row
-- anew.
CREATE VIEW consents_now AS
    SELECT c.*, (SELECT count(*) FROM consent_uses u WHERE u.consent = c.id) AS used,
           (SELECT max(u.at) FROM consent_uses u WHERE u.consent = c.id) AS last_use
      FROM consents c;

-- The exact texts people saw, by SHA-256; they hold no personal data.
CREATE TABLE consent_texts (
    hash BYTEA PRIMARY KEY,
    lang TEXT NOT NULL,
    body TEXT NOT NULL
);

-- OAuth's result of consent (Grant Management for OAuth 2.0); its id is public and no credential.
CREATE TABLE grants (
    id         UUID    PRIMARY KEY,
    client     UUID    NOT NULL,
    subject    UUID    NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Refresh tokens by SHA-256; not rotated (FAPI 2.0 5.3.2.1), bound to the grant.
CREATE TABLE refresh_tokens (
    hash       BYTEA    PRIMARY KEY,
    grant_id   UUID    NOT NULL,
    client     UUID    NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);

-- Pushed authorization requests by SHA-256 of the request_uri (RFC 9126); with the browser that arrived with one, by
-- SHA-256 of its cookie, and when that browser went back.
CREATE TABLE pushed_requests (
    hash    BYTEA   PRIMARY KEY,
    client  UUID    NOT NULL,
    consent UUID,
    browser BYTEA,
    sealed  BYTEA   NOT NULL,
    expires BIGINT  NOT NULL,
    left_at BIGINT
);
CREATE INDEX pushed_requests_consent ON pushed_requests (consent) WHERE consent IS NOT NULL;

-- Authorization codes by SHA-256; used once through `replay`.
CREATE TABLE codes (
    hash    BYTEA    PRIMARY KEY,
    client  UUID    NOT NULL,
    consent UUID    NOT NULL,
    sealed  BYTEA    NOT NULL,
    expires BIGINT NOT NULL
);

-- Backchannel authentication requests by SHA-256 of the auth_req_id (CIBA). Without a consent: asked in vain, and
-- the client cannot tell. Invited: asked with a code of hers, which does not count among what she bears.
CREATE TABLE backchannel_requests (
    hash      BYTEA    PRIMARY KEY,
    client    UUID    NOT NULL,
    subject   UUID    NOT NULL,
    consent   UUID,
    sealed    BYTEA    NOT NULL,
    asked_at  BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    next_poll BIGINT NOT NULL,
    invited   BOOLEAN NOT NULL
);
CREATE INDEX backchannel_requests_subject ON backchannel_requests (subject, asked_at);
CREATE INDEX backchannel_requests_consent ON backchannel_requests (consent) WHERE consent IS NOT NULL;

-- Codes by which a person lets one agency ask her, one a person and agency: keyed digests of both and of the code.
CREATE TABLE hint_codes (
    owner   BYTEA   PRIMARY KEY,
    code    BYTEA   NOT NULL UNIQUE,
    subject UUID    NOT NULL,
    expires BIGINT  NOT NULL
);

-- What recipients of data must be told, until they acknowledge it; written with the change that causes it.
CREATE TABLE notices (
    id         UUID    PRIMARY KEY,
    client     UUID    NOT NULL,
    consent    UUID    NOT NULL,
    event      TEXT    NOT NULL,
    sealed     BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    attempts   BIGINT  NOT NULL,
    next_at    BIGINT,
    fault      TEXT,
    sent_at    BIGINT,
    acked_at   BIGINT,
    late_at    BIGINT,
    stop_by    BIGINT,
    extended   TEXT,
    stopped_at BIGINT,
    overdue_at BIGINT,
    erased_at  BIGINT,
    closed_at  BIGINT
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
    client     UUID    PRIMARY KEY,
    id         UUID    NOT NULL,
    method     TEXT    NOT NULL,
    endpoint   TEXT,
    sealed     BYTEA,
    status     TEXT    NOT NULL,
    updated_at BIGINT NOT NULL
);

-- A person's own rules, one sealed list each; the revision is what a decision relied on.
CREATE TABLE standing (
    subject  UUID    PRIMARY KEY,
    revision BIGINT NOT NULL,
    sealed   BYTEA    NOT NULL
);

-- Who may act for whom. `wake` is when to look again, not when anything ends: dates of birth stay sealed.
CREATE TABLE representations (
    id             UUID    PRIMARY KEY,
    principal      UUID    NOT NULL,
    representative UUID    NOT NULL,
    created_at     BIGINT NOT NULL,
    wake           BIGINT NOT NULL,
    ended_at       BIGINT,
    sealed         BYTEA    NOT NULL
);
CREATE INDEX representations_principal ON representations (principal);
CREATE INDEX representations_representative ON representations (representative);
CREATE INDEX representations_wake ON representations (wake) WHERE ended_at IS NULL;

-- Emergency accesses that still owe their report.
CREATE TABLE emergencies (
    token       UUID    PRIMARY KEY,
    subject     UUID    NOT NULL,
    agency      TEXT    NOT NULL,
    official    UUID    NOT NULL,
    approver    UUID    NOT NULL,
    at          BIGINT NOT NULL,
    due         BIGINT NOT NULL,
    reported_at BIGINT,
    overdue_at  BIGINT,
    sealed      BYTEA    NOT NULL
);
CREATE INDEX emergencies_due ON emergencies (due) WHERE reported_at IS NULL AND overdue_at IS NULL;
CREATE INDEX emergencies_official ON emergencies (official);
CREATE INDEX emergencies_approver ON emergencies (approver);

-- How far the look for consents that another policy bundle has overtaken has come: each activation begins a round,
-- `reached` is the last consent looked at, and nothing is left where it is NULL.
CREATE TABLE consent_sweep (
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    round   BIGINT NOT NULL,
    reached UUID
);
INSERT INTO consent_sweep (one, round, reached) VALUES (1, 0, '00000000-0000-0000-0000-000000000000');

-- Numbers handed out in blocks, so that nodes do not meet.
CREATE TABLE counters (
    name TEXT    PRIMARY KEY,
    next BIGINT NOT NULL
);
INSERT INTO counters (name, next) VALUES ('status', 0);

ALTER TABLE tokens ADD COLUMN consent UUID;
ALTER TABLE tokens ADD COLUMN grant_id UUID;
ALTER TABLE tokens ADD COLUMN status BIGINT;
CREATE INDEX tokens_consent ON tokens (consent) WHERE consent IS NOT NULL;
CREATE INDEX tokens_status ON tokens (status) WHERE status IS NOT NULL;

-- What a client may do beside asking for one token: a JSON object, see `domain::client`.
ALTER TABLE clients ADD COLUMN profile TEXT NOT NULL DEFAULT '{}';
