CREATE SCHEMA uploads;

-- Whose file it is and what it is for. Null `used_at`: nothing shows it yet; it is removed after a day.
CREATE TABLE uploads.files (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES identity.accounts (id),
    purpose text NOT NULL CHECK (purpose IN ('avatar', 'portfolio', 'attachment', 'resume')),
    kind text NOT NULL CHECK (kind IN ('image', 'document')),
    media_type text NOT NULL CHECK (media_type IN ('image/webp', 'application/pdf',
        'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'text/plain')),
    name text NOT NULL CHECK (char_length(name) <= 120),
    bytes integer NOT NULL CHECK (bytes >= 0),
    width integer,
    height integer,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX files_owner ON uploads.files (owner_id, created_at);
CREATE INDEX files_unused ON uploads.files (created_at) WHERE used_at IS NULL;

-- The sizes of a file; the name on disk is the SHA-256 of what is in it.
CREATE TABLE uploads.variants (
    file_id uuid NOT NULL REFERENCES uploads.files (id) ON DELETE CASCADE,
    size text NOT NULL CHECK (size IN ('full', 'small')),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (file_id, size)
);
CREATE INDEX variants_sha256 ON uploads.variants (sha256);

-- Content that lost a row: it leaves the disk unless another row still names it.
CREATE TABLE uploads.loose (
    sha256 text PRIMARY KEY
);

GRANT USAGE ON SCHEMA uploads TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA uploads TO app;
