-- Who wants to see what a group writes without being one of its members.
CREATE TABLE community.group_follows (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    group_id uuid NOT NULL REFERENCES community.groups (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, group_id)
);
CREATE INDEX group_follows_group ON community.group_follows (group_id);
ALTER PUBLICATION headwater ADD TABLE community.group_follows;
GRANT SELECT ON community.group_follows TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON community.group_follows TO app;

-- Two more reasons why something stands in a feed.
ALTER TABLE explore.impressions
    DROP CONSTRAINT impressions_reason_check,
    ADD CONSTRAINT impressions_reason_check CHECK (reason IN (
        'follows_person', 'follows_tag', 'writes_in', 'skill', 'votes_in', 'looks_at', 'suggested', 'near',
        'popular_tag', 'popular', 'new', 'in_group', 'follows_group'));
