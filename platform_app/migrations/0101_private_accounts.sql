-- Who is asked before somebody follows them; no row: anybody may.
CREATE TABLE community.private_accounts (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    since timestamptz NOT NULL
);

-- Who asks to follow whom, until it is decided or taken back.
CREATE TABLE community.follow_requests (
    asker_id uuid NOT NULL REFERENCES identity.accounts (id),
    asked_id uuid NOT NULL REFERENCES identity.accounts (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (asked_id, asker_id),
    CHECK (asker_id <> asked_id)
);
CREATE INDEX follow_requests_asker ON community.follow_requests (asker_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON community.private_accounts, community.follow_requests TO app;

-- Both are told: of the question, and of a yes.
ALTER TABLE messaging.notifications
    DROP CONSTRAINT notifications_kind_check,
    ADD CONSTRAINT notifications_kind_check CHECK (kind IN (
        'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate', 'moderated',
        'reported', 'replied', 'closed', 'in_group', 'asked', 'admitted', 'asked_to_follow', 'let_follow'));
ALTER TABLE messaging.preferences
    DROP CONSTRAINT preferences_kind_check,
    ADD CONSTRAINT preferences_kind_check CHECK (kind IN (
        'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate', 'moderated',
        'reported', 'replied', 'closed', 'in_group', 'asked', 'admitted', 'asked_to_follow', 'let_follow'));
