CREATE SCHEMA moderation;

-- Two people of whom one has blocked the other. Whoever is blocked is not told by whom, also not in the copy of their
-- data: so only the blocker's column refers to accounts, and leaving removes the rows by both.
CREATE TABLE moderation.blocks (
    blocker_id uuid NOT NULL REFERENCES identity.accounts (id),
    blocked_id uuid NOT NULL CHECK (blocked_id <> blocker_id),
    since timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id)
);
CREATE INDEX blocks_blocked ON moderation.blocks (blocked_id);

-- Whom a person does not want to see or hear; the other one notices nothing.
CREATE TABLE moderation.mutes (
    muter_id uuid NOT NULL REFERENCES identity.accounts (id),
    muted_id uuid NOT NULL CHECK (muted_id <> muter_id),
    since timestamptz NOT NULL,
    PRIMARY KEY (muter_id, muted_id)
);
CREATE INDEX mutes_muted ON moderation.mutes (muted_id);

-- What only its author and moderators see: not deleted, its status stays what it was.
CREATE TABLE moderation.hidden (
    target_id uuid PRIMARY KEY,
    target_kind text NOT NULL CHECK (target_kind IN ('post', 'approach', 'comment')),
    author_id uuid NOT NULL REFERENCES identity.accounts (id),
    cause text NOT NULL CHECK (cause IN ('reports', 'moderator')),
    since timestamptz NOT NULL
);
CREATE INDEX hidden_author ON moderation.hidden (author_id);

-- One report of a person about a thing or a person. Its target may be gone: the snapshot is what was reported. Whose it
-- is and who looks at it refer to no account: a copy of one's data does not hold what others reported.
CREATE TABLE moderation.reports (
    id uuid PRIMARY KEY,
    reporter_id uuid REFERENCES identity.accounts (id), -- null: they have left
    target_kind text NOT NULL CHECK (target_kind IN ('post', 'approach', 'comment', 'person')),
    target_id uuid NOT NULL,
    author_id uuid NOT NULL, -- whom it is about
    category text NOT NULL CHECK (category IN (
        'spam', 'harassment', 'hate', 'illegal', 'private_data', 'off_topic', 'other')),
    body text NOT NULL CHECK (char_length(body) <= 1000),
    snapshot text NOT NULL CHECK (char_length(snapshot) <= 51000),
    state text NOT NULL CHECK (state IN ('open', 'assigned', 'upheld', 'dismissed')),
    assigned_to uuid,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    CHECK ((state = 'assigned') <= (assigned_to IS NOT NULL)),
    CHECK ((state IN ('upheld', 'dismissed')) = (decided_at IS NOT NULL)),
    UNIQUE (reporter_id, target_id)
);
CREATE INDEX reports_target ON moderation.reports (target_id, created_at);
CREATE INDEX reports_waiting ON moderation.reports (created_at) WHERE state IN ('open', 'assigned');
CREATE INDEX reports_author ON moderation.reports (author_id, created_at);
CREATE INDEX reports_assigned ON moderation.reports (assigned_to) WHERE assigned_to IS NOT NULL;

-- What moderators did, and why. `shown`: the person acted on reads it.
CREATE TABLE moderation.actions (
    id uuid PRIMARY KEY,
    moderator_id uuid REFERENCES identity.accounts (id), -- null: a rule of the app
    subject_id uuid NOT NULL REFERENCES identity.accounts (id),
    target_kind text NOT NULL CHECK (target_kind IN ('post', 'approach', 'comment', 'person')),
    target_id uuid NOT NULL,
    action text NOT NULL CHECK (action IN (
        'hide', 'restore', 'uphold', 'dismiss', 'reopen', 'suspend', 'lift', 'trust', 'distrust', 'appoint', 'log_out')),
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 1000),
    until timestamptz,
    shown boolean NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX actions_subject ON moderation.actions (subject_id, id DESC);
CREATE INDEX actions_target ON moderation.actions (target_id, id DESC);
CREATE INDEX actions_moderator ON moderation.actions (moderator_id) WHERE moderator_id IS NOT NULL;

-- A suspension is over when its time has come or somebody lifts it; nothing has to run for that.
CREATE TABLE moderation.suspensions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CHECK (until > since),
    lifted_at timestamptz,
    appeal text CHECK (char_length(appeal) BETWEEN 1 AND 1000),
    appealed_at timestamptz,
    CHECK ((appeal IS NULL) = (appealed_at IS NULL))
);
CREATE INDEX suspensions_account ON moderation.suspensions (account_id, until DESC);
CREATE UNIQUE INDEX suspensions_one ON moderation.suspensions (account_id) WHERE lifted_at IS NULL;

-- People whom a moderator trusts before they have earned it.
CREATE TABLE moderation.trusted (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    since timestamptz NOT NULL
);

-- How much of each kind of action a person has left, in all processes. Unlogged: after a crash everybody starts full.
CREATE UNLOGGED TABLE moderation.allowances (
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    kind text NOT NULL,
    tokens double precision NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind)
) WITH (fillfactor = 70);

-- Words that nobody may publish.
CREATE TABLE moderation.words (
    word text PRIMARY KEY CHECK (char_length(word) BETWEEN 2 AND 60),
    added_at timestamptz NOT NULL
);

GRANT USAGE ON SCHEMA moderation TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA moderation TO app;
