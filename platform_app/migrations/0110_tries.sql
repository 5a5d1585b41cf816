-- How often somebody may still try at the door: log-ins, sign-ups, codes, links by mail. The key is a keyed digest of an
-- address, a place or an account. Unlogged: after a crash everybody starts full. What is a day old is full and is removed.
CREATE UNLOGGED TABLE kernel.tries (
    key bytea NOT NULL CHECK (octet_length(key) = 32),
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    tokens double precision NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
) WITH (fillfactor = 70);

GRANT SELECT, INSERT, UPDATE, DELETE ON kernel.tries TO app;
