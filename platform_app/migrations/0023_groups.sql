-- People who work on something together: who they are, what they write, and who keeps order among them.
CREATE TABLE community.groups (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{2,39}$'),
    title text NOT NULL CHECK (char_length(title) <= 80),
    about text NOT NULL CHECK (char_length(about) <= 5000),
    joining text NOT NULL CHECK (joining IN ('open', 'approval')),
    owner_id uuid NOT NULL REFERENCES identity.accounts (id),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX groups_owner ON community.groups (owner_id);

CREATE TABLE community.memberships (
    id uuid PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES community.groups (id) ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    role text NOT NULL CHECK (role IN ('member', 'moderator', 'owner')),
    state text NOT NULL CHECK (state IN ('asked', 'joined')),
    told boolean NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (group_id, account_id)
);
CREATE INDEX memberships_account ON community.memberships (account_id, state);
CREATE UNIQUE INDEX memberships_one_owner ON community.memberships (group_id) WHERE role = 'owner';

ALTER TABLE community.posts ADD COLUMN group_id uuid REFERENCES community.groups (id);
CREATE INDEX posts_group ON community.posts (group_id, created_at DESC, id DESC) WHERE group_id IS NOT NULL;
ALTER TABLE community.drafts ADD COLUMN group_id uuid REFERENCES community.groups (id) ON DELETE SET NULL;
CREATE INDEX drafts_group ON community.drafts (group_id) WHERE group_id IS NOT NULL;

ALTER TABLE community.groups REPLICA IDENTITY FULL;
ALTER TABLE community.memberships REPLICA IDENTITY FULL;
ALTER PUBLICATION headwater ADD TABLE community.groups, community.memberships;
GRANT SELECT ON community.groups, community.memberships TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON community.groups, community.memberships TO app;

-- Notifications about a group.
ALTER TABLE messaging.notifications ADD COLUMN group_id uuid REFERENCES community.groups (id) ON DELETE CASCADE;
CREATE INDEX notifications_group ON messaging.notifications (group_id) WHERE group_id IS NOT NULL;
