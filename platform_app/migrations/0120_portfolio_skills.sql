-- Which skills a piece of work shows.
CREATE TABLE profiles.portfolio_skills (
    id uuid PRIMARY KEY,
    item_id uuid NOT NULL REFERENCES profiles.portfolio_items (id) ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    skill text NOT NULL CHECK (skill ~ '^[a-z0-9][a-z0-9.+#-]{0,39}$'),
    created_at timestamptz NOT NULL,
    UNIQUE (item_id, skill)
);
CREATE INDEX portfolio_skills_account ON profiles.portfolio_skills (account_id);
ALTER TABLE profiles.portfolio_skills REPLICA IDENTITY FULL;
ALTER PUBLICATION headwater ADD TABLE profiles.portfolio_skills;
GRANT SELECT ON profiles.portfolio_skills TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON profiles.portfolio_skills TO app;

-- What a person means includes what they know: their vector goes when their skills change, as it does with their texts.
-- As everywhere, the document is locked first: whoever embeds takes that lock first.
CREATE FUNCTION discovery.forget_skilled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM discovery.documents WHERE subject_id IN (SELECT account_id FROM changed)
        ORDER BY subject_id FOR NO KEY UPDATE;
    DELETE FROM discovery.embeddings WHERE subject_id IN (SELECT account_id FROM changed);
    RETURN NULL;
END $$;
CREATE TRIGGER discovery_new AFTER INSERT ON profiles.account_skills
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION discovery.forget_skilled();
CREATE TRIGGER discovery_gone AFTER DELETE ON profiles.account_skills
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION discovery.forget_skilled();
CREATE TRIGGER discovery_new AFTER INSERT ON profiles.portfolio_skills
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION discovery.forget_skilled();
CREATE TRIGGER discovery_gone AFTER DELETE ON profiles.portfolio_skills
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION discovery.forget_skilled();
-- Those who named skills before get a vector that knows of them.
DELETE FROM discovery.embeddings WHERE subject_id IN (SELECT account_id FROM profiles.account_skills);
