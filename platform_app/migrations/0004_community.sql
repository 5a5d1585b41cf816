CREATE SCHEMA community;

CREATE TABLE community.tags (
    name text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9.+#-]{0,34}$'),
    synonym_of text REFERENCES community.tags (name) CHECK (synonym_of <> name),
    created_at timestamptz NOT NULL
);

CREATE TABLE community.posts (
    id uuid PRIMARY KEY,
    author_id uuid NOT NULL REFERENCES identity.accounts (id),
    kind text NOT NULL CHECK (kind IN ('problem', 'update')),
    title text NOT NULL CHECK (char_length(title) <= 300),
    body text NOT NULL CHECK (char_length(body) <= 50000),
    language text NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
    status text NOT NULL CHECK (status IN ('open', 'solved', 'closed', 'deleted')),
    accepted_approach_id uuid,
    duplicate_of uuid REFERENCES community.posts (id) CHECK (duplicate_of <> id),
    hours_to_first_approach integer CHECK (hours_to_first_approach BETWEEN 0 AND 10000000),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX posts_newest ON community.posts (created_at DESC, id DESC);
CREATE INDEX posts_author ON community.posts (author_id, created_at DESC);
CREATE INDEX posts_duplicate ON community.posts (duplicate_of) WHERE duplicate_of IS NOT NULL;

CREATE TABLE community.approaches (
    id uuid PRIMARY KEY,
    post_id uuid REFERENCES community.posts (id),
    author_id uuid NOT NULL REFERENCES identity.accounts (id),
    kind text NOT NULL CHECK (kind IN ('idea', 'guide', 'code', 'service')),
    title text CHECK (char_length(title) <= 300),
    body text NOT NULL CHECK (char_length(body) <= 50000),
    status text NOT NULL CHECK (status IN ('published', 'deleted')),
    accepted_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (post_id IS NOT NULL OR title IS NOT NULL),
    CHECK (accepted_at IS NULL OR post_id IS NOT NULL),
    UNIQUE (post_id, id)
);
CREATE INDEX approaches_author ON community.approaches (author_id, created_at DESC);
CREATE INDEX approaches_newest ON community.approaches (created_at DESC, id DESC);

-- The accepted approach is one of the post's own.
ALTER TABLE community.posts
    ADD FOREIGN KEY (id, accepted_approach_id) REFERENCES community.approaches (post_id, id);

CREATE TABLE community.comments (
    id uuid PRIMARY KEY,
    post_id uuid REFERENCES community.posts (id),
    approach_id uuid REFERENCES community.approaches (id),
    author_id uuid NOT NULL REFERENCES identity.accounts (id),
    body text NOT NULL CHECK (char_length(body) <= 5000),
    status text NOT NULL CHECK (status IN ('published', 'deleted')),
    created_at timestamptz NOT NULL,
    CHECK (num_nonnulls(post_id, approach_id) = 1)
);
CREATE INDEX comments_post ON community.comments (post_id, created_at) WHERE post_id IS NOT NULL;
CREATE INDEX comments_approach ON community.comments (approach_id, created_at) WHERE approach_id IS NOT NULL;
CREATE INDEX comments_author ON community.comments (author_id);

CREATE TABLE community.votes (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    post_id uuid REFERENCES community.posts (id),
    approach_id uuid REFERENCES community.approaches (id),
    value integer NOT NULL CHECK (value BETWEEN -1 AND 1) CHECK (value <> 0),
    cast_at timestamptz NOT NULL,
    CHECK (num_nonnulls(post_id, approach_id) = 1)
);
CREATE UNIQUE INDEX votes_once_post ON community.votes (post_id, account_id) WHERE post_id IS NOT NULL;
CREATE UNIQUE INDEX votes_once_approach ON community.votes (approach_id, account_id) WHERE approach_id IS NOT NULL;
CREATE INDEX votes_account ON community.votes (account_id);

CREATE TABLE community.taggings (
    id uuid PRIMARY KEY,
    post_id uuid REFERENCES community.posts (id),
    approach_id uuid REFERENCES community.approaches (id),
    author_id uuid NOT NULL REFERENCES identity.accounts (id),
    tag text NOT NULL REFERENCES community.tags (name) CHECK (tag ~ '^[a-z0-9][a-z0-9.+#-]{0,34}$'),
    source text NOT NULL CHECK (source IN ('author', 'moderator', 'machine')),
    created_at timestamptz NOT NULL,
    CHECK (num_nonnulls(post_id, approach_id) = 1)
);
CREATE UNIQUE INDEX taggings_once_post ON community.taggings (post_id, tag) WHERE post_id IS NOT NULL;
CREATE UNIQUE INDEX taggings_once_approach ON community.taggings (approach_id, tag) WHERE approach_id IS NOT NULL;
CREATE INDEX taggings_tag ON community.taggings (tag, created_at DESC);
CREATE INDEX taggings_author ON community.taggings (author_id);

CREATE TABLE community.post_links (
    id uuid PRIMARY KEY,
    post_id uuid NOT NULL REFERENCES community.posts (id),
    related_post_id uuid NOT NULL REFERENCES community.posts (id),
    author_id uuid NOT NULL REFERENCES identity.accounts (id),
    kind text NOT NULL CHECK (kind IN ('duplicate', 'related')),
    created_at timestamptz NOT NULL,
    CHECK (post_id <> related_post_id),
    UNIQUE (post_id, related_post_id, kind)
);
CREATE INDEX post_links_related ON community.post_links (related_post_id);
CREATE INDEX post_links_author ON community.post_links (author_id);

CREATE TABLE community.follows (
    id uuid PRIMARY KEY,
    follower_id uuid NOT NULL REFERENCES identity.accounts (id),
    followee_id uuid NOT NULL REFERENCES identity.accounts (id),
    created_at timestamptz NOT NULL,
    CHECK (follower_id <> followee_id),
    UNIQUE (follower_id, followee_id)
);
CREATE INDEX follows_followee ON community.follows (followee_id);

CREATE TABLE community.tag_follows (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    tag text NOT NULL REFERENCES community.tags (name) CHECK (tag ~ '^[a-z0-9][a-z0-9.+#-]{0,34}$'),
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, tag)
);
CREATE INDEX tag_follows_tag ON community.tag_follows (tag);

-- Derived from approaches, comments and votes; `views` alone is counted here.
CREATE TABLE community.post_counters (
    post_id uuid PRIMARY KEY REFERENCES community.posts (id),
    views integer NOT NULL DEFAULT 0,
    score integer NOT NULL DEFAULT 0,
    approaches integer NOT NULL DEFAULT 0,
    comments integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

GRANT USAGE ON SCHEMA community TO app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA community TO app;
GRANT DELETE ON community.comments, community.votes, community.taggings, community.follows, community.tag_follows TO app;
