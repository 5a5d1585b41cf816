-- Who sees a feature that is switched: how many of whom. A flag without a row is as the code declares it.
CREATE TABLE kernel.flags (
    name text PRIMARY KEY CHECK (name ~ '^[a-z_]{1,40}$'),
    percent smallint NOT NULL CHECK (percent BETWEEN 0 AND 100),
    audience text NOT NULL CHECK (audience IN ('everybody', 'members', 'moderators', 'administrators')),
    changed_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON kernel.flags TO app;
