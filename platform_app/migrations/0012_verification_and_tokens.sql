-- The address that a person has shown to be theirs; it counts while it is the account's.
CREATE TABLE identity.verifications (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    email text NOT NULL CHECK (char_length(email) <= 254),
    verified_at timestamptz NOT NULL
);

-- Links that were mailed: whoever opens one reads mail at this address.
CREATE TABLE identity.mail_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    email text NOT NULL CHECK (char_length(email) <= 254),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX mail_tokens_account ON identity.mail_tokens (account_id, created_at);

-- Personal tokens for programs: found by their SHA-256.
CREATE TABLE identity.tokens (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 60),
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write'] AND cardinality(scopes) > 0),
    created_at timestamptz NOT NULL,
    seen_at timestamptz,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX tokens_account ON identity.tokens (account_id);

-- A log-in of a program: signed access tokens name it, refresh tokens carry it on, one after the other.
CREATE TABLE identity.grants (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write'] AND cardinality(scopes) > 0),
    browser text NOT NULL CHECK (char_length(browser) <= 30),
    device text NOT NULL CHECK (char_length(device) <= 30),
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    reused_at timestamptz -- a refresh token was used twice: somebody else may have it
);
CREATE INDEX grants_account ON identity.grants (account_id);

CREATE TABLE identity.refresh_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    grant_id uuid NOT NULL REFERENCES identity.grants (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_tokens_grant ON identity.refresh_tokens (grant_id);

-- What access tokens are signed with: one signs, those before it are kept until the last token they signed is over.
CREATE TABLE identity.signing_keys (
    kid text PRIMARY KEY,
    private_key bytea NOT NULL, -- sealed
    public_key jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
CREATE UNIQUE INDEX signing_keys_current ON identity.signing_keys ((true)) WHERE retired_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON identity.verifications, identity.mail_tokens, identity.tokens, identity.grants,
    identity.refresh_tokens, identity.signing_keys TO app;
