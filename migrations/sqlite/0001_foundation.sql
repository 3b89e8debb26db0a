-- Times are milliseconds UTC; ids are 16-byte UUIDs. The PostgreSQL twin has the same tables and columns.

-- The sequencer: one row, locked by every batch that appends (DESIGN D13).
CREATE TABLE head (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    size   INTEGER NOT NULL,
    edge   BLOB    NOT NULL,
    epoch  INTEGER NOT NULL,
    bundle TEXT
);
INSERT INTO head (one, size, edge, epoch) VALUES (1, 0, x'', 0);

CREATE TABLE entries (
    idx     INTEGER PRIMARY KEY,
    id      BLOB    NOT NULL,
    subject BLOB    NOT NULL,
    n       INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    agency  TEXT,
    leaf    BLOB    NOT NULL,
    sealed  BLOB    NOT NULL
);
CREATE UNIQUE INDEX entries_id ON entries (id);
CREATE UNIQUE INDEX entries_subject ON entries (subject, n);
CREATE INDEX entries_agency ON entries (agency, idx) WHERE agency IS NOT NULL;

CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    root BLOB    NOT NULL,
    note TEXT    NOT NULL,
    at   INTEGER NOT NULL
);

CREATE TABLE leases (
    name   TEXT    PRIMARY KEY,
    holder BLOB    NOT NULL,
    until  INTEGER NOT NULL
) WITHOUT ROWID;

-- Seen assertion and proof ids: four bytes of expiry second, then twelve of hash, so that inserts are in order of time.
CREATE TABLE replay (
    id  BLOB    PRIMARY KEY,
    exp INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE tokens (
    jti        BLOB    PRIMARY KEY,
    client     BLOB    NOT NULL,
    subject    BLOB    NOT NULL,
    entry      BLOB    NOT NULL,
    audience   TEXT    NOT NULL,
    expires    INTEGER NOT NULL,
    uses_left  INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;

CREATE TABLE uses (
    jti      BLOB    NOT NULL,
    key      BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    consumed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (jti, key)
) WITHOUT ROWID;

-- One refusal entry for each client, purpose, person and reason in ten minutes; the rest are counted here.
CREATE TABLE refusals (
    id    BLOB    PRIMARY KEY,
    entry BLOB    NOT NULL,
    at    INTEGER NOT NULL,
    count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX refusals_entry ON refusals (entry);

-- Whose key seals which records: citizens, agencies and the service itself.
CREATE TABLE subjects (
    id          BLOB    PRIMARY KEY,
    kind        TEXT    NOT NULL,
    wrapped_key BLOB,
    identity    BLOB,
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE identities (
    lookup  BLOB PRIMARY KEY,
    subject BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE handles (
    owner   BLOB PRIMARY KEY,
    lookup  BLOB NOT NULL,
    subject BLOB NOT NULL,
    sealed  BLOB NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX handles_lookup ON handles (lookup);

CREATE TABLE clients (
    id            BLOB    PRIMARY KEY,
    client_id     TEXT    NOT NULL,
    agency        TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    jwks          TEXT    NOT NULL,
    purposes      TEXT    NOT NULL,
    redirect_uris TEXT    NOT NULL,
    audience      TEXT,
    actor_issuers TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    suspended_at  INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX clients_client_id ON clients (client_id);
CREATE UNIQUE INDEX clients_audience ON clients (audience) WHERE audience IS NOT NULL;

CREATE TABLE officials (
    id           BLOB    PRIMARY KEY,
    agency       TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    unit         TEXT    NOT NULL,
    issuer       TEXT,
    sub          TEXT,
    created_at   INTEGER NOT NULL,
    suspended_at INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX officials_code ON officials (agency, code);
CREATE UNIQUE INDEX officials_issuer ON officials (issuer, sub) WHERE issuer IS NOT NULL;

CREATE TABLE sign_ins (
    state   BLOB    PRIMARY KEY,
    sealed  BLOB    NOT NULL,
    expires INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sessions (
    id       BLOB    PRIMARY KEY,
    issuer   TEXT    NOT NULL,
    sub      BLOB    NOT NULL,
    sid      BLOB,
    subject  BLOB,
    sealed   BLOB    NOT NULL,
    seen_at  INTEGER NOT NULL,
    expires  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_sub ON sessions (issuer, sub);

-- Every version of a purpose that ever applied, so that an old entry can still be explained (I10).
CREATE TABLE purpose_versions (
    version TEXT   PRIMARY KEY,
    purpose TEXT   NOT NULL,
    body    TEXT   NOT NULL,
    since   INTEGER NOT NULL
) WITHOUT ROWID;
