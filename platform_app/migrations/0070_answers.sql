-- Answers to requests that carried an Idempotency-Key, kept for a day: whoever repeats the request is answered the same.
-- The row is written in the transaction of what the request did, so that neither is there without the other.
CREATE TABLE kernel.answers (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    key text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
    request bytea NOT NULL,
    status smallint,
    answer bytea,
    made_at timestamptz NOT NULL,
    UNIQUE (account_id, key)
);
CREATE INDEX answers_made ON kernel.answers (made_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON kernel.answers TO app;
