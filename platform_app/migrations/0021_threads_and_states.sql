-- Replies: a comment may answer another one. `thread_id` is the comment that began it all; null for that one itself.
ALTER TABLE community.comments
    ADD COLUMN parent_id uuid REFERENCES community.comments (id) CHECK (parent_id <> id),
    ADD COLUMN thread_id uuid REFERENCES community.comments (id) CHECK (thread_id <> id),
    ADD COLUMN edited_at timestamptz,
    ADD CHECK ((parent_id IS NULL) = (thread_id IS NULL));
CREATE INDEX comments_parent ON community.comments (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_thread ON community.comments (thread_id, created_at, id) WHERE thread_id IS NOT NULL;

-- Why a post takes no more approaches, and since when nobody may add anything to it.
ALTER TABLE community.posts
    ADD COLUMN closed_reason text
        CHECK (closed_reason IN ('duplicate', 'off_topic', 'unclear', 'too_broad', 'outdated', 'settled')),
    ADD COLUMN locked_at timestamptz;

-- Who closed, reopened, locked or unlocked a post, and why in their words.
CREATE TABLE community.state_changes (
    id uuid PRIMARY KEY,
    post_id uuid NOT NULL REFERENCES community.posts (id) ON DELETE CASCADE,
    actor_id uuid NOT NULL REFERENCES identity.accounts (id),
    change text NOT NULL CHECK (change IN ('closed', 'reopened', 'locked', 'unlocked')),
    reason text,
    note text CHECK (char_length(note) <= 500),
    at timestamptz NOT NULL
);
CREATE INDEX state_changes_post ON community.state_changes (post_id, id DESC);
CREATE INDEX state_changes_actor ON community.state_changes (actor_id);

-- Who took what off the pages, so that second thoughts can bring it back.
CREATE TABLE community.removals (
    id uuid PRIMARY KEY,
    post_id uuid UNIQUE REFERENCES community.posts (id) ON DELETE CASCADE,
    approach_id uuid UNIQUE REFERENCES community.approaches (id) ON DELETE CASCADE,
    comment_id uuid UNIQUE REFERENCES community.comments (id) ON DELETE CASCADE,
    actor_id uuid NOT NULL REFERENCES identity.accounts (id),
    own boolean NOT NULL, -- whether its author did it
    was text NOT NULL, -- the status it had
    removed_at timestamptz NOT NULL,
    CHECK (num_nonnulls(post_id, approach_id, comment_id) = 1)
);
CREATE INDEX removals_actor ON community.removals (actor_id, removed_at DESC);
CREATE INDEX removals_comments ON community.removals (removed_at) WHERE comment_id IS NOT NULL AND own;

GRANT SELECT, INSERT, UPDATE, DELETE ON community.state_changes, community.removals TO app;
