-- Keys that seal single columns (AES-256-GCM), each wrapped by the master key, which is a file outside the database.
CREATE TABLE kernel.data_keys (
    id uuid PRIMARY KEY,
    place text NOT NULL, -- the column it seals: schema.table.column
    wrapped bytea NOT NULL,
    master text NOT NULL, -- which master key wraps it: the start of its SHA-256
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
CREATE UNIQUE INDEX data_keys_current ON kernel.data_keys (place) WHERE retired_at IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON kernel.data_keys TO app;

-- The second factor of a log-in. Until it is confirmed it asks nobody for anything.
CREATE TABLE identity.factors (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    kind text NOT NULL CHECK (kind IN ('totp')),
    secret bytea NOT NULL, -- sealed
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint -- the time step of the newest code that was used: no code up to it counts again
);

CREATE TABLE identity.recovery_codes (
    code_hash bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    used_at timestamptz
);
CREATE INDEX recovery_codes_account ON identity.recovery_codes (account_id);

-- Somebody who has given the password and has still to give the code.
CREATE TABLE identity.challenges (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    method text NOT NULL CHECK (method IN ('password', 'github', 'google', 'oidc')),
    next text NOT NULL CHECK (char_length(next) <= 2000),
    expires_at timestamptz NOT NULL
);
CREATE INDEX challenges_account ON identity.challenges (account_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON identity.factors, identity.recovery_codes, identity.challenges TO app;
