-- Open problems for somebody of whom the lake knows nothing yet: near to what they tell about themselves.
CREATE TABLE discovery.starts (
    account_id uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
    post_id uuid NOT NULL REFERENCES community.posts (id) ON DELETE CASCADE,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    reason text NOT NULL CHECK (reason IN ('like_profile')),
    made_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, post_id)
);
CREATE INDEX starts_post ON discovery.starts (post_id);
GRANT SELECT, INSERT, DELETE ON discovery.starts TO app;
