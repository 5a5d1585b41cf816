-- When a person is not disturbed, by the hours of their own clock; no row means never.
CREATE TABLE messaging.quiet_hours (
    account_id uuid PRIMARY KEY REFERENCES identity.accounts (id),
    starts smallint NOT NULL CHECK (starts BETWEEN 0 AND 23),
    ends smallint NOT NULL CHECK (ends BETWEEN 0 AND 23 AND ends <> starts),
    timezone text NOT NULL CHECK (char_length(timezone) <= 64)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON messaging.quiet_hours TO app;
