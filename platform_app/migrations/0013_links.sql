-- Accounts of people at other sites, with which they log in here. The issuer says which site gave the subject its name.
CREATE TABLE identity.links (
    issuer text NOT NULL CHECK (char_length(issuer) <= 500),
    subject text NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 255),
    provider text NOT NULL CHECK (provider IN ('github', 'google', 'oidc')),
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    username text CHECK (char_length(username) <= 200), -- how they are called there, to recognise it
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (account_id, provider)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.links TO app;
