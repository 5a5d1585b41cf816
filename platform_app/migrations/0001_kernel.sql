-- Progress of long imports: one row per batch, written in the transaction that wrote the batch's rows.
CREATE TABLE kernel.import_progress (
    source text NOT NULL,
    stage text NOT NULL,
    batch integer NOT NULL CHECK (batch >= 0),
    first_id text NOT NULL,
    last_id text NOT NULL,
    rows_in integer NOT NULL CHECK (rows_in >= 0),
    rows_out integer NOT NULL CHECK (rows_out >= 0),
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, stage, batch)
);

GRANT USAGE ON SCHEMA kernel TO app;
GRANT SELECT, INSERT, UPDATE ON kernel.import_progress TO app;
GRANT SELECT ON kernel.migrations TO app;
