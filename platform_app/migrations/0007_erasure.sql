-- What is owed to a person who deleted their account: that the lake forgets them too, and a receipt that it did.
-- No foreign key: the account goes in the transaction that writes the request. Once it is done, its id goes as well.
CREATE TABLE identity.erasure_requests (
    id uuid PRIMARY KEY,
    account_id uuid,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32), -- of what its holder reads the receipt with
    requested_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'done')),
    finished_at timestamptz,
    receipt jsonb,
    CHECK ((state = 'open') = (account_id IS NOT NULL)),
    CHECK ((state = 'done') = (receipt IS NOT NULL AND finished_at IS NOT NULL))
);
CREATE INDEX erasure_requests_open ON identity.erasure_requests (requested_at, id) WHERE state = 'open';

-- Until now nobody was ever removed.
GRANT DELETE ON identity.accounts, identity.consents, identity.consent_events, identity.credentials TO app;
GRANT DELETE ON profiles.profiles, profiles.badge_awards TO app;
GRANT DELETE ON community.posts, community.approaches, community.post_links, community.post_counters TO app;
GRANT SELECT, INSERT ON identity.erasure_requests TO app;

-- The role that works requests off knows whose they are and writes the receipt back, and nothing else.
GRANT USAGE ON SCHEMA identity TO app_erasure;
GRANT SELECT (id, account_id, requested_at, state), UPDATE (account_id, state, finished_at, receipt)
    ON identity.erasure_requests TO app_erasure;
