CREATE SCHEMA suggestions;

-- What the lake suggests to a person. Rows come from outside (`python -m anonymizer suggest`) and are replaced as a whole.
CREATE TABLE suggestions.suggestions (
    account_id uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('person', 'post', 'tag')),
    person_id uuid REFERENCES identity.accounts (id) ON DELETE CASCADE CHECK (person_id <> account_id),
    post_id uuid REFERENCES community.posts (id) ON DELETE CASCADE,
    tag text REFERENCES community.tags (name) ON DELETE CASCADE,
    score real NOT NULL CHECK (score BETWEEN 0 AND 1),
    reason text NOT NULL CHECK (reason IN (
        'answered_tag', 'followed_tag', 'same_problems', 'answered_you', 'used_together', 'people_like_you')),
    because text REFERENCES community.tags (name) ON DELETE CASCADE,
    CHECK ((kind = 'person') = (person_id IS NOT NULL)),
    CHECK ((kind = 'post') = (post_id IS NOT NULL)),
    CHECK ((kind = 'tag') = (tag IS NOT NULL)),
    CHECK ((because IS NOT NULL) = (reason IN ('answered_tag', 'followed_tag', 'used_together'))),
    UNIQUE NULLS NOT DISTINCT (account_id, person_id, post_id, tag)
);
CREATE INDEX suggestions_person ON suggestions.suggestions (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX suggestions_post ON suggestions.suggestions (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX suggestions_tag ON suggestions.suggestions (tag) WHERE tag IS NOT NULL;
CREATE INDEX suggestions_because ON suggestions.suggestions (because) WHERE because IS NOT NULL;

-- The position in the stream of changes that the rows were computed at; one row, or none before the first time.
CREATE TABLE suggestions.made (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    cut bigint NOT NULL,
    brought_at timestamptz NOT NULL
);

GRANT USAGE ON SCHEMA suggestions TO app;
GRANT SELECT, DELETE ON suggestions.suggestions TO app;
GRANT SELECT ON suggestions.made TO app;

-- The vault's role: ids, whether they are in use, and consent; no name, no address, no text.
GRANT USAGE ON SCHEMA identity, community, suggestions TO app_suggest;
GRANT SELECT (id, status) ON identity.accounts TO app_suggest;
GRANT SELECT (account_id, purpose, granted) ON identity.consents TO app_suggest;
GRANT SELECT (id, author_id, status) ON community.posts TO app_suggest;
GRANT SELECT (name, synonym_of) ON community.tags TO app_suggest;
GRANT SELECT, INSERT, DELETE ON suggestions.suggestions, suggestions.made TO app_suggest;
