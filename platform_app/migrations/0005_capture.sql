CREATE SCHEMA capture;

CREATE TABLE capture.heartbeats (
    id integer PRIMARY KEY,
    at timestamptz NOT NULL
);

CREATE TABLE capture.signals (
    id text PRIMARY KEY,
    type text NOT NULL,
    data text
);

-- A text that an UPDATE leaves alone would otherwise arrive as a placeholder when PostgreSQL stored it out of line.
ALTER TABLE identity.accounts REPLICA IDENTITY FULL;
ALTER TABLE identity.consents REPLICA IDENTITY FULL;
ALTER TABLE profiles.profiles REPLICA IDENTITY FULL;
ALTER TABLE profiles.badge_awards REPLICA IDENTITY FULL;
ALTER TABLE community.tags REPLICA IDENTITY FULL;
ALTER TABLE community.posts REPLICA IDENTITY FULL;
ALTER TABLE community.approaches REPLICA IDENTITY FULL;
ALTER TABLE community.comments REPLICA IDENTITY FULL;
ALTER TABLE community.taggings REPLICA IDENTITY FULL;
ALTER TABLE community.post_links REPLICA IDENTITY FULL;
ALTER TABLE community.tag_follows REPLICA IDENTITY FULL;

CREATE PUBLICATION headwater FOR TABLE
    identity.accounts, identity.consents,
    profiles.profiles, profiles.badge_awards,
    community.tags, community.posts, community.approaches, community.comments, community.votes,
    community.taggings, community.post_links, community.follows, community.tag_follows,
    capture.signals, capture.heartbeats;

GRANT USAGE ON SCHEMA identity, profiles, community, capture TO app_capture;
GRANT SELECT ON
    identity.accounts, identity.consents,
    profiles.profiles, profiles.badge_awards,
    community.tags, community.posts, community.approaches, community.comments, community.votes,
    community.taggings, community.post_links, community.follows, community.tag_follows
    TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON capture.heartbeats, capture.signals TO app_capture;
