-- How somebody works. A rate has a currency and the other way round.
CREATE TABLE profiles.working_lives (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    availability text NOT NULL CHECK (availability IN ('available', 'limited', 'busy')),
    experience_level text CHECK (experience_level IN ('junior', 'mid', 'senior', 'lead')),
    years_experience integer CHECK (years_experience BETWEEN 0 AND 70),
    hourly_rate integer CHECK (hourly_rate BETWEEN 1 AND 10000),
    currency text CHECK (currency IN ('EUR', 'USD', 'GBP', 'CHF', 'SEK', 'NOK', 'DKK', 'PLN', 'CZK', 'INR', 'JPY', 'CAD', 'AUD', 'BRL', 'ZAR', 'NGN', 'UAH', 'TRY')),
    weekly_hours integer CHECK (weekly_hours BETWEEN 1 AND 80),
    industry text CHECK (industry IN ('agriculture', 'automotive', 'construction', 'education', 'energy', 'finance', 'food', 'gaming', 'government', 'health', 'hospitality', 'insurance', 'legal', 'logistics', 'manufacturing', 'media', 'nonprofit', 'real_estate', 'retail', 'science', 'security', 'software', 'telecom', 'textiles', 'travel', 'other')),
    time_zone text CHECK (char_length(time_zone) <= 60),
    updated_at timestamptz NOT NULL,
    CHECK ((hourly_rate IS NULL) = (currency IS NULL))
);

CREATE TABLE profiles.account_skills (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    skill text NOT NULL CHECK (skill ~ '^[a-z0-9][a-z0-9.+#-]{0,39}$'),
    level text NOT NULL CHECK (level IN ('beginner', 'intermediate', 'advanced', 'expert')),
    source text NOT NULL CHECK (source IN ('self', 'resume', 'github')),
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, skill)
);
CREATE INDEX account_skills_skill ON profiles.account_skills (skill, level);

CREATE TABLE profiles.portfolio_items (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    kind text NOT NULL CHECK (kind IN ('code', 'design', 'writing', 'product', 'talk', 'other')),
    title text NOT NULL CHECK (char_length(title) <= 120),
    summary text CHECK (char_length(summary) <= 2000),
    url text CHECK (char_length(url) <= 2000),
    file_id uuid REFERENCES uploads.files (id),
    published_at timestamptz NOT NULL
);
CREATE INDEX portfolio_items_account ON profiles.portfolio_items (account_id, published_at DESC, id DESC);
CREATE INDEX portfolio_items_file ON profiles.portfolio_items (file_id) WHERE file_id IS NOT NULL;

CREATE TABLE profiles.faces (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    file_id uuid NOT NULL UNIQUE REFERENCES uploads.files (id)
);

-- The last résumé; what was found in it waits until its owner takes it over.
CREATE TABLE profiles.resumes (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    file_id uuid NOT NULL UNIQUE REFERENCES uploads.files (id),
    text text NOT NULL,
    skills text[] NOT NULL,
    years integer,
    uploaded_at timestamptz NOT NULL,
    taken_at timestamptz
);

CREATE TABLE profiles.reputation (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    score integer NOT NULL,
    from_votes integer NOT NULL,
    from_accepted integer NOT NULL,
    computed_at timestamptz NOT NULL
);
CREATE INDEX reputation_highest ON profiles.reputation (score DESC);

CREATE TABLE profiles.github (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    login text NOT NULL CHECK (char_length(login) <= 100),
    languages jsonb NOT NULL, -- name -> share in percent
    repositories integer NOT NULL,
    stars integer NOT NULL,
    active text NOT NULL CHECK (active IN ('month', 'year', 'earlier', 'never')),
    analyzed_at timestamptz NOT NULL
);

CREATE TABLE profiles.featured (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    featured_by uuid REFERENCES identity.accounts (id),
    featured_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX featured_ends ON profiles.featured (ends_at);
CREATE INDEX featured_by ON profiles.featured (featured_by);

CREATE TABLE community.attachments (
    id uuid PRIMARY KEY,
    post_id uuid REFERENCES community.posts (id) ON DELETE CASCADE,
    approach_id uuid REFERENCES community.approaches (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES identity.accounts (id),
    file_id uuid NOT NULL UNIQUE REFERENCES uploads.files (id),
    media_type text NOT NULL CHECK (media_type IN ('image/webp', 'application/pdf', 'text/plain')),
    size_band text NOT NULL CHECK (size_band IN ('under_100_kb', 'under_1_mb', 'over_1_mb')),
    created_at timestamptz NOT NULL,
    CHECK (num_nonnulls(post_id, approach_id) = 1)
);
CREATE INDEX attachments_post ON community.attachments (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX attachments_approach ON community.attachments (approach_id) WHERE approach_id IS NOT NULL;
CREATE INDEX attachments_author ON community.attachments (author_id);

ALTER TABLE profiles.working_lives REPLICA IDENTITY FULL;
ALTER TABLE profiles.account_skills REPLICA IDENTITY FULL;
ALTER TABLE profiles.portfolio_items REPLICA IDENTITY FULL;
ALTER TABLE community.attachments REPLICA IDENTITY FULL;
ALTER PUBLICATION headwater ADD TABLE
    profiles.working_lives, profiles.account_skills, profiles.portfolio_items, community.attachments;
GRANT SELECT ON profiles.working_lives, profiles.account_skills, profiles.portfolio_items, community.attachments
    TO app_capture;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    profiles.working_lives, profiles.account_skills, profiles.portfolio_items, profiles.faces, profiles.resumes,
    profiles.reputation, profiles.github, profiles.featured, community.attachments
    TO app;
