-- `vector` (pgvector) is made by whoever makes the databases: `infra up`, or `python -m infra databases`.
DO $$ BEGIN
    IF to_regtype('halfvec') IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE =
            'The extension vector is missing in this database: install pgvector 0.8 or newer on the server, then run '
            '`make up` here, or `python -m infra databases` where the server is another one, as its superuser.';
    END IF;
END $$;
CREATE SCHEMA discovery;

-- How the words of a language are brought to their stems; 'simple' where PostgreSQL has no stemmer.
CREATE FUNCTION discovery.config_of(language text) RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (CASE split_part(language, '-', 1)
        WHEN 'en' THEN 'pg_catalog.english' WHEN 'de' THEN 'pg_catalog.german' WHEN 'es' THEN 'pg_catalog.spanish'
        WHEN 'fr' THEN 'pg_catalog.french' WHEN 'it' THEN 'pg_catalog.italian' WHEN 'nl' THEN 'pg_catalog.dutch'
        WHEN 'pt' THEN 'pg_catalog.portuguese' WHEN 'ru' THEN 'pg_catalog.russian' WHEN 'sv' THEN 'pg_catalog.swedish'
        WHEN 'tr' THEN 'pg_catalog.turkish' WHEN 'hi' THEN 'pg_catalog.hindi' WHEN 'id' THEN 'pg_catalog.indonesian'
        ELSE 'pg_catalog.simple' END)::regconfig
$$;

-- What can be found: one row for each post, approach and person that everybody may see. Triggers keep it, so that search
-- by words is never behind. Each drops the vector after it has the document's lock: whoever embeds takes that lock first. A separate table, because the published ones have no column that no contract declares.
CREATE TABLE discovery.documents (
    subject_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('problem', 'update', 'approach', 'person')),
    author_id uuid NOT NULL REFERENCES identity.accounts (id) ON DELETE CASCADE,
    post_id uuid, -- of an approach: what it answers
    state text NOT NULL CHECK (state IN ('open', 'solved', 'closed', 'accepted', 'published')),
    language text NOT NULL,
    created_at timestamptz NOT NULL,
    words tsvector NOT NULL
);
CREATE INDEX documents_words ON discovery.documents USING gin (words) WITH (fastupdate = off);
CREATE INDEX documents_newest ON discovery.documents (created_at DESC, subject_id DESC);
CREATE INDEX documents_author ON discovery.documents (author_id, created_at DESC);

-- What a text means, as numbers of one model; gone as soon as the text changes.
CREATE TABLE discovery.embeddings (
    subject_id uuid PRIMARY KEY REFERENCES discovery.documents (subject_id) ON DELETE CASCADE,
    model text NOT NULL,
    vector halfvec(384) NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX embeddings_near ON discovery.embeddings USING hnsw (vector halfvec_ip_ops);

-- Words that at least three people use in titles, and tags: what a mistyped word may have meant.
CREATE TABLE discovery.words (
    word text PRIMARY KEY,
    people integer NOT NULL,
    grams text[] NOT NULL
);
CREATE INDEX words_grams ON discovery.words USING gin (grams);

-- The pieces of three letters of a word, with its beginning and its end.
CREATE FUNCTION discovery.grams_of(word text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT substr('  ' || word || ' ', place, 3)) FROM generate_series(1, length(word) + 1) AS place
$$;

CREATE FUNCTION discovery.forget_document(gone uuid) RETURNS void LANGUAGE sql AS $$
    DELETE FROM discovery.documents WHERE subject_id = gone
$$;

CREATE FUNCTION discovery.index_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM discovery.forget_document(OLD.id);
        RETURN NULL;
    END IF;
    IF NEW.status NOT IN ('open', 'solved', 'closed')
        OR EXISTS (SELECT 1 FROM identity.accounts WHERE id = NEW.author_id AND status = 'deleted') THEN
        PERFORM discovery.forget_document(NEW.id);
        RETURN NULL;
    END IF;
    INSERT INTO discovery.documents AS d (subject_id, kind, author_id, post_id, state, language, created_at, words)
    VALUES (NEW.id, NEW.kind, NEW.author_id, NULL, NEW.status, NEW.language, NEW.created_at,
        setweight(to_tsvector(discovery.config_of(NEW.language), NEW.title), 'A')
        || setweight(to_tsvector(discovery.config_of(NEW.language), NEW.body), 'D'))
    ON CONFLICT (subject_id) DO UPDATE SET kind = excluded.kind, author_id = excluded.author_id, state = excluded.state,
        language = excluded.language, words = excluded.words;
    IF TG_OP = 'UPDATE' AND (NEW.title, NEW.body) IS DISTINCT FROM (OLD.title, OLD.body) THEN
        DELETE FROM discovery.embeddings WHERE subject_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER discovery AFTER INSERT OR DELETE OR UPDATE OF kind, title, body, language, status, author_id
    ON community.posts FOR EACH ROW EXECUTE FUNCTION discovery.index_post();

-- An approach is in the language of the post that it answers.
CREATE FUNCTION discovery.index_approach() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    spoken text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM discovery.forget_document(OLD.id);
        RETURN NULL;
    END IF;
    IF NEW.status <> 'published'
        OR EXISTS (SELECT 1 FROM identity.accounts WHERE id = NEW.author_id AND status = 'deleted') THEN
        PERFORM discovery.forget_document(NEW.id);
        RETURN NULL;
    END IF;
    SELECT coalesce((SELECT p.language FROM community.posts p WHERE p.id = NEW.post_id), 'en') INTO spoken;
    INSERT INTO discovery.documents AS d (subject_id, kind, author_id, post_id, state, language, created_at, words)
    VALUES (NEW.id, 'approach', NEW.author_id, NEW.post_id,
        CASE WHEN NEW.accepted_at IS NULL THEN 'published' ELSE 'accepted' END, spoken, NEW.created_at,
        setweight(to_tsvector(discovery.config_of(spoken), coalesce(NEW.title, '')), 'A')
        || setweight(to_tsvector(discovery.config_of(spoken), NEW.body), 'D'))
    ON CONFLICT (subject_id) DO UPDATE SET author_id = excluded.author_id, post_id = excluded.post_id,
        state = excluded.state, language = excluded.language, words = excluded.words;
    IF TG_OP = 'UPDATE' AND (NEW.title, NEW.body) IS DISTINCT FROM (OLD.title, OLD.body) THEN
        DELETE FROM discovery.embeddings WHERE subject_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER discovery AFTER INSERT OR DELETE OR UPDATE OF title, body, status, author_id, accepted_at
    ON community.approaches FOR EACH ROW EXECUTE FUNCTION discovery.index_approach();

-- A person is found by name, headline and bio; names are not brought to stems.
CREATE FUNCTION discovery.index_person(person uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO discovery.documents AS d (subject_id, kind, author_id, post_id, state, language, created_at, words)
    SELECT a.id, 'person', a.id, NULL, 'published', 'en', a.created_at,
        setweight(to_tsvector('pg_catalog.simple', a.handle || ' ' || a.display_name), 'A')
        || setweight(to_tsvector('pg_catalog.english', coalesce(p.headline, '')), 'B')
        || setweight(to_tsvector('pg_catalog.english', coalesce(p.bio, '')), 'D')
    FROM identity.accounts a LEFT JOIN profiles.profiles p ON p.account_id = a.id
    WHERE a.id = person AND a.status = 'active'
    ON CONFLICT (subject_id) DO UPDATE SET words = excluded.words
$$;
CREATE FUNCTION discovery.index_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'active' THEN
        PERFORM discovery.index_person(NEW.id);
    ELSE
        PERFORM discovery.forget_document(NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION discovery.index_profile() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
BEGIN
    PERFORM discovery.index_person(person);
    DELETE FROM discovery.embeddings WHERE subject_id = person;
    RETURN NULL;
END $$;
CREATE TRIGGER discovery AFTER INSERT OR UPDATE OF handle, display_name, status
    ON identity.accounts FOR EACH ROW EXECUTE FUNCTION discovery.index_account();
CREATE TRIGGER discovery AFTER INSERT OR DELETE OR UPDATE OF headline, bio
    ON profiles.profiles FOR EACH ROW EXECUTE FUNCTION discovery.index_profile();

GRANT USAGE ON SCHEMA discovery TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA discovery TO app;
