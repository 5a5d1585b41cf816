CREATE SCHEMA profiles;

CREATE TABLE profiles.profiles (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    headline text CHECK (char_length(headline) <= 200),
    bio text CHECK (char_length(bio) <= 20000),
    website_url text CHECK (char_length(website_url) <= 2000),
    location text CHECK (char_length(location) <= 200),
    updated_at timestamptz NOT NULL
);

CREATE TABLE profiles.badge_awards (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES identity.accounts (id),
    badge text NOT NULL CHECK (badge ~ '^[a-z0-9][a-z0-9.+#-]{0,49}$'),
    tier text NOT NULL CHECK (tier IN ('gold', 'silver', 'bronze')),
    awarded_at timestamptz NOT NULL
);
CREATE INDEX badge_awards_account ON profiles.badge_awards (account_id, awarded_at);

GRANT USAGE ON SCHEMA profiles TO app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA profiles TO app;
