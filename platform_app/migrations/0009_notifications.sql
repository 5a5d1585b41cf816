CREATE SCHEMA messaging;

CREATE TABLE messaging.notifications (
    id uuid PRIMARY KEY,
    recipient_id uuid NOT NULL REFERENCES identity.accounts (id),
    actor_id uuid NOT NULL REFERENCES identity.accounts (id),
    kind text NOT NULL CHECK (kind IN (
        'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate')),
    post_id uuid REFERENCES community.posts (id) ON DELETE CASCADE,
    approach_id uuid REFERENCES community.approaches (id) ON DELETE CASCADE,
    times integer NOT NULL CHECK (times BETWEEN 1 AND 1000000000),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX notifications_newest ON messaging.notifications (recipient_id, changed_at DESC, id DESC);
CREATE INDEX notifications_unread ON messaging.notifications (recipient_id) WHERE read_at IS NULL;
CREATE INDEX notifications_actor ON messaging.notifications (actor_id);
CREATE INDEX notifications_post ON messaging.notifications (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX notifications_approach ON messaging.notifications (approach_id) WHERE approach_id IS NOT NULL;
-- What happens again before the recipient has looked is one row: about the same thing, by the same person, or at all.
CREATE UNIQUE INDEX notifications_folded ON messaging.notifications (
    recipient_id, kind,
    (CASE kind WHEN 'posted' THEN actor_id WHEN 'followed' THEN recipient_id ELSE coalesce(approach_id, post_id) END))
    WHERE read_at IS NULL AND kind IN ('answered', 'commented', 'voted', 'followed', 'posted');

-- Which kinds a person wants where; no row means the default.
CREATE TABLE messaging.preferences (
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    kind text NOT NULL CHECK (kind IN (
        'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate')),
    channel text NOT NULL CHECK (channel IN ('none', 'app', 'mail', 'digest')),
    PRIMARY KEY (account_id, kind)
);

-- Mail that is due: at once for one notification, or a digest of all that is unread. Gone when it was handed over.
CREATE TABLE messaging.mails (
    id uuid PRIMARY KEY,
    recipient_id uuid NOT NULL REFERENCES identity.accounts (id),
    notification_id uuid REFERENCES messaging.notifications (id) ON DELETE CASCADE, -- null: a digest
    due_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0
);
CREATE INDEX mails_due ON messaging.mails (due_at);
CREATE UNIQUE INDEX mails_one_digest ON messaging.mails (recipient_id) WHERE notification_id IS NULL;
CREATE UNIQUE INDEX mails_once ON messaging.mails (notification_id) WHERE notification_id IS NOT NULL;

ALTER TABLE messaging.notifications REPLICA IDENTITY FULL;
ALTER PUBLICATION headwater ADD TABLE messaging.notifications;
GRANT USAGE ON SCHEMA messaging TO app, app_capture;
GRANT SELECT ON messaging.notifications TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA messaging TO app;
