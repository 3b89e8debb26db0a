-- Times are milliseconds UTC. The SQLite twin has the same tables and columns.

-- The sequencer: one row, locked by every batch that appends (DESIGN D13).
CREATE TABLE head (
    one    BIGINT PRIMARY KEY CHECK (one = 1),
    size   BIGINT NOT NULL,
    edge   BYTEA    NOT NULL,
    epoch  BIGINT NOT NULL,
    bundle TEXT
);
INSERT INTO head (one, size, edge, epoch) VALUES (1, 0, '', 0);

CREATE TABLE entries (
    idx     BIGINT PRIMARY KEY,
    id      UUID    NOT NULL,
    subject UUID    NOT NULL,
    n       BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    kind    TEXT    NOT NULL,
    agency  TEXT,
    leaf    BYTEA    NOT NULL,
    sealed  BYTEA    NOT NULL
);
CREATE UNIQUE INDEX entries_id ON entries (id);
CREATE UNIQUE INDEX entries_subject ON entries (subject, n);
CREATE INDEX entries_agency ON entries (agency, idx) WHERE agency IS NOT NULL;

CREATE TABLE checkpoints (
    size BIGINT PRIMARY KEY,
    root BYTEA    NOT NULL,
    note TEXT    NOT NULL,
    at   BIGINT NOT NULL
);

CREATE TABLE leases (
    name   TEXT    PRIMARY KEY,
    holder UUID    NOT NULL,
    until  BIGINT NOT NULL
);

-- Seen assertion and proof ids: four bytes of expiry second, then twelve of hash, so that inserts are in order of time.
CREATE TABLE replay (
    id  UUID    PRIMARY KEY,
    exp BIGINT NOT NULL
);

CREATE TABLE tokens (
    jti        UUID    PRIMARY KEY,
    client     UUID    NOT NULL,
    subject    UUID    NOT NULL,
    entry      UUID    NOT NULL,
    audience   TEXT    NOT NULL,
    expires    BIGINT NOT NULL,
    uses_left  BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE uses (
    jti      UUID    NOT NULL,
    key      UUID    NOT NULL,
    at       BIGINT NOT NULL,
    consumed BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (jti, key)
);

-- One refusal entry for each client, purpose, person and reason in ten minutes; the rest are counted here.
CREATE TABLE refusals (
    id    UUID    PRIMARY KEY,
    entry UUID    NOT NULL,
    at    BIGINT NOT NULL,
    count BIGINT NOT NULL
);
CREATE INDEX refusals_entry ON refusals (entry);

-- Whose key seals which records: citizens, agencies and the service itself.
CREATE TABLE subjects (
    id          UUID    PRIMARY KEY,
    kind        TEXT    NOT NULL,
    wrapped_key BYTEA,
    identity    BYTEA,
    created_at  BIGINT NOT NULL
);

CREATE TABLE identities (
    lookup  BYTEA PRIMARY KEY,
    subject UUID NOT NULL
);

CREATE TABLE handles (
    owner   BYTEA PRIMARY KEY,
    lookup  BYTEA NOT NULL,
    subject UUID NOT NULL,
    sealed  BYTEA NOT NULL
);
CREATE UNIQUE INDEX handles_lookup ON handles (lookup);

CREATE TABLE clients (
    id            UUID    PRIMARY KEY,
    client_id     TEXT    NOT NULL,
    agency        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    jwks          TEXT    NOT NULL,
    purposes      TEXT    NOT NULL,
    redirect_uris TEXT    NOT NULL,
    audience      TEXT,
    actor_issuers TEXT    NOT NULL,
    created_at    BIGINT NOT NULL,
    suspended_at  BIGINT
);
CREATE UNIQUE INDEX clients_client_id ON clients (client_id);
CREATE UNIQUE INDEX clients_audience ON clients (audience) WHERE audience IS NOT NULL;

CREATE TABLE officials (
    id           UUID    PRIMARY KEY,
    agency       TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    unit         TEXT    NOT NULL,
    issuer       TEXT,
    sub          TEXT,
    created_at   BIGINT NOT NULL,
    suspended_at BIGINT
);
CREATE UNIQUE INDEX officials_code ON officials (agency, code);
CREATE UNIQUE INDEX officials_issuer ON officials (issuer, sub) WHERE issuer IS NOT NULL;

CREATE TABLE sign_ins (
    state   BYTEA    PRIMARY KEY,
    sealed  BYTEA    NOT NULL,
    expires BIGINT NOT NULL
);

CREATE TABLE sessions (
    id       BYTEA   PRIMARY KEY,
    issuer   TEXT    NOT NULL,
    sub      BYTEA    NOT NULL,
    sid      BYTEA,
    subject  UUID,
    sealed   BYTEA    NOT NULL,
    seen_at  BIGINT NOT NULL,
    expires  BIGINT NOT NULL
);
CREATE INDEX sessions_sub ON sessions (issuer, sub);

-- Every version of a purpose that ever applied, so that an old entry can still be explained (I10).
CREATE TABLE purpose_versions (
    version TEXT   PRIMARY KEY,
    purpose TEXT   NOT NULL,
    body    TEXT   NOT NULL,
    since   BIGINT NOT NULL
);

-- A generic plan cached while a table is empty is a bad plan later.
ANALYZE;
