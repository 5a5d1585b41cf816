-- Who may ask: procurers, their sessions in a browser, their API keys.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA kernel TO shop;
GRANT SELECT ON kernel.migrations TO shop;

CREATE SCHEMA access;
GRANT USAGE ON SCHEMA access TO shop;

CREATE TABLE access.procurers (
    procurer_id   uuid PRIMARY KEY,
    email         text NOT NULL CHECK (email = lower(email) AND length(email) <= 254),
    organisation  text NOT NULL CHECK (length(organisation) BETWEEN 1 AND 200),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (email)
);

CREATE TABLE access.sessions (
    token_hash  bytea PRIMARY KEY,               -- SHA-256 of the cookie's value
    procurer_id uuid NOT NULL REFERENCES access.procurers,
    csrf_token  text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX ON access.sessions (procurer_id);

CREATE TABLE access.api_keys (
    key_id       uuid PRIMARY KEY,
    procurer_id  uuid NOT NULL REFERENCES access.procurers,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix       text NOT NULL,                  -- the part that may be shown again
    key_hash     bytea NOT NULL UNIQUE,          -- SHA-256; the key itself has 256 random bits
    scopes       text[] NOT NULL CHECK (cardinality(scopes) > 0),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
CREATE INDEX ON access.api_keys (procurer_id);

GRANT SELECT, INSERT ON access.procurers TO shop;
GRANT SELECT, INSERT, DELETE ON access.sessions TO shop;
GRANT SELECT, INSERT ON access.api_keys TO shop;
GRANT UPDATE (revoked_at, last_used_at) ON access.api_keys TO shop;
