-- What happened, written in the transaction that did it. `people` is everybody it names, so that they can be forgotten.
CREATE TABLE kernel.outbox (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    subject_id uuid NOT NULL,
    actor_id uuid,
    people uuid[] NOT NULL,
    data jsonb NOT NULL,
    correlation_id text NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX outbox_actor ON kernel.outbox (actor_id, id DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX outbox_people ON kernel.outbox USING gin (people);

-- One row for each event and each of its subscribers until the subscriber has handled it; 'infinity': it gave up.
CREATE TABLE kernel.deliveries (
    subscriber text NOT NULL,
    event_id uuid NOT NULL REFERENCES kernel.outbox (id) ON DELETE CASCADE,
    due_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    fault text,
    PRIMARY KEY (subscriber, event_id)
);
CREATE INDEX deliveries_due ON kernel.deliveries (due_at, event_id);
CREATE INDEX deliveries_event ON kernel.deliveries (event_id);

GRANT SELECT, INSERT, DELETE ON kernel.outbox TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON kernel.deliveries TO app;
