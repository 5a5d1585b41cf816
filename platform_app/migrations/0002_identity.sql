CREATE SCHEMA identity;

CREATE TABLE identity.accounts (
    id uuid PRIMARY KEY,
    email text CHECK (char_length(email) <= 254),
    handle text NOT NULL CHECK (char_length(handle) BETWEEN 3 AND 60),
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 100),
    role text NOT NULL CHECK (role IN ('member', 'moderator', 'admin')),
    status text NOT NULL CHECK (status IN ('active', 'suspended', 'deleted')),
    origin text NOT NULL CHECK (origin IN ('signup', 'import', 'generated')),
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX accounts_handle ON identity.accounts (lower(handle));
CREATE UNIQUE INDEX accounts_email ON identity.accounts (lower(email));

CREATE TABLE identity.consents (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    purpose text NOT NULL CHECK (purpose IN ('lake', 'text_corpus', 'email', 'recommendations')),
    granted boolean NOT NULL,
    decided_at timestamptz NOT NULL,
    UNIQUE (account_id, purpose)
);

-- Every decision ever made. A row whose `restream_wanted` is true asks for the person's rows to be streamed again.
CREATE TABLE identity.consent_events (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    purpose text NOT NULL CHECK (purpose IN ('lake', 'text_corpus', 'email', 'recommendations')),
    granted boolean NOT NULL,
    decided_at timestamptz NOT NULL,
    restream_wanted boolean NOT NULL DEFAULT false
);
CREATE INDEX consent_events_account ON identity.consent_events (account_id, decided_at);
CREATE INDEX consent_events_queue ON identity.consent_events (id) WHERE restream_wanted;

CREATE TABLE identity.credentials (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL
);

-- A session is found by the SHA-256 of its cookie; the cookie itself is not stored.
CREATE TABLE identity.sessions (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    account_id uuid REFERENCES identity.accounts (id), -- null before the log-in, for the form's CSRF token
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_account ON identity.sessions (account_id);
CREATE INDEX sessions_expiry ON identity.sessions (expires_at);

CREATE TABLE identity.reset_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX reset_tokens_account ON identity.reset_tokens (account_id);

GRANT USAGE ON SCHEMA identity TO app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA identity TO app;
GRANT DELETE ON identity.sessions, identity.reset_tokens TO app;
