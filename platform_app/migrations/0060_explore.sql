CREATE SCHEMA explore;

-- What somebody who agreed to recommendations was shown, and opened: one row for a thing, a page and a day.
CREATE TABLE explore.impressions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    post_id uuid REFERENCES community.posts (id) ON DELETE CASCADE,
    approach_id uuid REFERENCES community.approaches (id) ON DELETE CASCADE,
    surface text NOT NULL CHECK (surface IN ('feed', 'explore')),
    rank integer NOT NULL CHECK (rank BETWEEN 1 AND 1000),
    algorithm text NOT NULL CHECK (algorithm ~ '^[a-z]{1,20}-[0-9]{1,4}$'),
    reason text NOT NULL CHECK (reason IN (
        'follows_person', 'follows_tag', 'writes_in', 'skill', 'votes_in', 'looks_at', 'suggested', 'near',
        'popular_tag', 'popular', 'new')),
    shown_at timestamptz NOT NULL,
    clicked_at timestamptz,
    CHECK (num_nonnulls(post_id, approach_id) = 1)
);
CREATE UNIQUE INDEX impressions_once ON explore.impressions (
    account_id, (coalesce(approach_id, post_id)), surface, (CAST(shown_at AT TIME ZONE 'UTC' AS date)));
CREATE INDEX impressions_account ON explore.impressions (account_id, shown_at DESC);
CREATE INDEX impressions_shown ON explore.impressions (shown_at);
CREATE INDEX impressions_post ON explore.impressions (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX impressions_approach ON explore.impressions (approach_id) WHERE approach_id IS NOT NULL;

-- What was settled for somebody (null: for every visitor) a moment ago, so that the pages of a list stay the same and
-- all processes show one order. A cache: a crash may empty it, and it is made again.
CREATE UNLOGGED TABLE explore.rankings (
    id uuid PRIMARY KEY,
    account_id uuid REFERENCES identity.accounts (id) ON DELETE CASCADE,
    surface text NOT NULL CHECK (surface IN ('feed', 'explore', 'popular')),
    algorithm text NOT NULL,
    personal boolean NOT NULL,
    made_at timestamptz NOT NULL,
    entries jsonb NOT NULL -- [[kind, id, reason, the tag it speaks of], …]
);
CREATE INDEX rankings_newest ON explore.rankings (account_id, surface, made_at DESC);
CREATE INDEX rankings_made ON explore.rankings (made_at);

-- The newest few of each person who is followed are read from the index alone.
CREATE INDEX posts_of_author ON community.posts (author_id, created_at DESC, id DESC)
    WHERE status <> 'deleted';
CREATE INDEX approaches_of_author ON community.approaches (author_id, created_at DESC, id DESC)
    WHERE status = 'published';
CREATE INDEX follows_newest ON community.follows (followee_id, created_at DESC, id DESC);

ALTER TABLE explore.impressions REPLICA IDENTITY FULL;
ALTER PUBLICATION headwater ADD TABLE explore.impressions;
GRANT USAGE ON SCHEMA explore TO app, app_capture;
GRANT SELECT ON explore.impressions TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA explore TO app;
