-- Whom a group's moderators took out: they do not join again until one of them says so.
CREATE TABLE community.barred (
    group_id uuid NOT NULL REFERENCES community.groups (id) ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    since timestamptz NOT NULL,
    PRIMARY KEY (group_id, account_id)
);
CREATE INDEX barred_account ON community.barred (account_id);
GRANT SELECT, INSERT, DELETE ON community.barred TO app;
