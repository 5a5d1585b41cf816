-- Every version of a post or an approach that was changed, the first one included.
CREATE TABLE community.revisions (
    id uuid PRIMARY KEY,
    post_id uuid REFERENCES community.posts (id) ON DELETE CASCADE,
    approach_id uuid REFERENCES community.approaches (id) ON DELETE CASCADE,
    number integer NOT NULL CHECK (number >= 1),
    editor_id uuid NOT NULL REFERENCES identity.accounts (id),
    title text,
    body text NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    at timestamptz NOT NULL,
    CHECK (num_nonnulls(post_id, approach_id) = 1),
    UNIQUE (post_id, number),
    UNIQUE (approach_id, number)
);
CREATE INDEX revisions_editor ON community.revisions (editor_id);

-- What somebody has begun to write.
CREATE TABLE community.drafts (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    form text NOT NULL CHECK (form IN ('post', 'approach')),
    post_id uuid REFERENCES community.posts (id) ON DELETE CASCADE, -- which it would answer
    title text NOT NULL CHECK (char_length(title) <= 300),
    body text NOT NULL CHECK (char_length(body) <= 50000),
    tags text NOT NULL CHECK (char_length(tags) <= 500),
    kind text NOT NULL CHECK (char_length(kind) <= 20),
    language text NOT NULL CHECK (char_length(language) <= 10),
    updated_at timestamptz NOT NULL,
    CHECK (post_id IS NULL OR form = 'approach'),
    UNIQUE (account_id, post_id)
);
CREATE INDEX drafts_newest ON community.drafts (account_id, updated_at DESC);
CREATE INDEX drafts_post ON community.drafts (post_id) WHERE post_id IS NOT NULL;

CREATE TABLE community.saved_items (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    post_id uuid REFERENCES community.posts (id) ON DELETE CASCADE,
    approach_id uuid REFERENCES community.approaches (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    CHECK (num_nonnulls(post_id, approach_id) = 1),
    UNIQUE (account_id, post_id),
    UNIQUE (account_id, approach_id)
);
CREATE INDEX saved_items_newest ON community.saved_items (account_id, created_at DESC, id DESC);
CREATE INDEX saved_items_post ON community.saved_items (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX saved_items_approach ON community.saved_items (approach_id) WHERE approach_id IS NOT NULL;

ALTER PUBLICATION headwater ADD TABLE community.saved_items;
GRANT SELECT ON community.saved_items TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON community.revisions, community.drafts, community.saved_items TO app;
