-- Who of the administrators looked at whose personal data, why, and when.
CREATE TABLE kernel.audit (
    id uuid PRIMARY KEY,
    actor_id uuid NOT NULL REFERENCES identity.accounts (id),
    action text NOT NULL CHECK (action ~ '^[a-z]+\.[a-z_]+$'),
    subject_id uuid REFERENCES identity.accounts (id),
    reason text CHECK (char_length(reason) <= 500),
    at timestamptz NOT NULL
);
CREATE INDEX audit_subject ON kernel.audit (subject_id, id DESC);
CREATE INDEX audit_actor ON kernel.audit (actor_id, id DESC);

-- Nothing is rewritten: rows go with the person they are about, and an administrator who leaves is replaced by the heir.
GRANT SELECT, INSERT, DELETE, UPDATE (actor_id) ON kernel.audit TO app;
