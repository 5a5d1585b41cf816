-- What was bought. A version's rows are numbered from 0 in the order of their grain; a slice is a set of these numbers.
-- Number -1 stands for the minimum of one row, paid for a slice without rows while no row of the version was held.
CREATE SCHEMA metering;
GRANT USAGE ON SCHEMA metering TO shop;

CREATE TABLE metering.purchases (
    purchase_id    uuid PRIMARY KEY,             -- also the receipt's number
    procurer_id    uuid NOT NULL REFERENCES access.procurers,
    product        text NOT NULL,
    version        int NOT NULL,
    content_sha256 text NOT NULL,                -- of the version that was bought
    query          text NOT NULL,                -- canonical: grain filters alone
    query_hash     bytea NOT NULL,
    slice_rows     bigint NOT NULL CHECK (slice_rows >= 0),
    charged_rows   bigint NOT NULL CHECK (charged_rows >= 0),
    micro_per_row  bigint NOT NULL CHECK (micro_per_row >= 0),
    price          bigint NOT NULL CHECK (price = charged_rows * micro_per_row),
    balance_after  bigint NOT NULL CHECK (balance_after >= 0),
    bought_at      timestamptz NOT NULL,
    free_until     timestamptz NOT NULL
);
CREATE INDEX ON metering.purchases (procurer_id, product, version, query_hash, bought_at DESC);
CREATE INDEX ON metering.purchases (procurer_id, bought_at DESC);

CREATE TABLE metering.holdings (                 -- which rows are paid: one line for each day of payment
    procurer_id uuid NOT NULL REFERENCES access.procurers,
    product     text NOT NULL,
    version     int NOT NULL,
    free_until  timestamptz NOT NULL,
    rows        int4multirange NOT NULL,
    PRIMARY KEY (procurer_id, product, version, free_until)
);

CREATE TABLE metering.idempotency_keys (         -- claimed with the charge, in its transaction; kept as long as the ledger
    procurer_id uuid NOT NULL REFERENCES access.procurers,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL,
    purchase_id uuid NOT NULL REFERENCES metering.purchases,
    PRIMARY KEY (procurer_id, key)
);

CREATE FUNCTION metering.size(p_rows int4multirange) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM unnest(p_rows) AS r;
$$;

CREATE FUNCTION metering.held(p_procurer uuid, p_product text, p_version int, p_at timestamptz)
RETURNS int4multirange LANGUAGE sql STABLE AS $$
    SELECT coalesce(range_agg(rows), '{}') FROM metering.holdings
    WHERE procurer_id = p_procurer AND product = p_product AND version = p_version AND free_until > p_at;
$$;

-- How many rows a slice costs somebody who holds p_held: what the union of all slices costs (at least one row),
-- less what is paid already. Any split of a slice therefore costs the same as the whole.
CREATE FUNCTION metering.due_rows(p_held int4multirange, p_slice int4multirange) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(1, metering.size((p_held - '{[-1,0)}') + p_slice)) - metering.size(p_held);
$$;

CREATE FUNCTION metering.quote(
    p_procurer uuid, p_product text, p_version int, p_query_hash bytea, p_slice int4multirange, p_micro bigint, p_at timestamptz
) RETURNS TABLE (charged_rows bigint, price bigint, balance bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT due.n, due.n * p_micro,
           (SELECT a.balance FROM ledger.accounts a WHERE a.kind = 'prepaid' AND a.owner = p_procurer::text)
    FROM (SELECT CASE WHEN EXISTS (
                    SELECT FROM metering.purchases p
                    WHERE p.procurer_id = p_procurer AND p.product = p_product AND p.version = p_version
                      AND p.query_hash = p_query_hash AND p.free_until > p_at) THEN 0
                 ELSE metering.due_rows(metering.held(p_procurer, p_product, p_version, p_at), p_slice) END AS n) AS due;
$$;

-- Buy a slice, or find that it is paid: lock, decide, charge, note and claim in one transaction and one round trip.
-- Outcomes: bought, repeated (the query is paid), replayed (the idempotency key is finished), short (the balance does
-- not cover it; nothing is written), key_conflict (the key was used for another request), key_expired.
CREATE FUNCTION metering.buy(
    p_purchase uuid, p_procurer uuid, p_product text, p_version int, p_content text, p_query text, p_query_hash bytea,
    p_slice int4multirange, p_micro bigint, p_key text, p_fingerprint bytea, p_at timestamptz
) RETURNS TABLE (outcome text, price_now bigint, balance_now bigint, purchase metering.purchases)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_account ledger.accounts;
    v_claim metering.idempotency_keys;
    v_found metering.purchases;
    v_held int4multirange;
    v_due bigint;
    v_until timestamptz := date_trunc('day', p_at, 'UTC') + interval '31 days';
BEGIN
    SELECT * INTO STRICT v_account FROM ledger.accounts
        WHERE kind = 'prepaid' AND owner = p_procurer::text FOR NO KEY UPDATE;

    IF p_key IS NOT NULL THEN
        SELECT * INTO v_claim FROM metering.idempotency_keys WHERE procurer_id = p_procurer AND key = p_key;
        IF FOUND THEN
            SELECT * INTO v_found FROM metering.purchases WHERE purchase_id = v_claim.purchase_id;
            RETURN QUERY SELECT CASE WHEN v_claim.fingerprint <> p_fingerprint THEN 'key_conflict'
                                     WHEN v_found.free_until <= p_at THEN 'key_expired'
                                     ELSE 'replayed' END, 0::bigint, v_account.balance, v_found;
            RETURN;
        END IF;
    END IF;

    SELECT * INTO v_found FROM metering.purchases p
        WHERE p.procurer_id = p_procurer AND p.product = p_product AND p.version = p_version
          AND p.query_hash = p_query_hash AND p.free_until > p_at
        ORDER BY p.bought_at DESC LIMIT 1;
    IF FOUND THEN
        IF p_key IS NOT NULL THEN
            INSERT INTO metering.idempotency_keys VALUES (p_procurer, p_key, p_fingerprint, v_found.purchase_id);
        END IF;
        RETURN QUERY SELECT 'repeated', 0::bigint, v_account.balance, v_found;
        RETURN;
    END IF;

    v_held := metering.held(p_procurer, p_product, p_version, p_at);
    v_due := metering.due_rows(v_held, p_slice);
    v_found := (p_purchase, p_procurer, p_product, p_version, p_content, p_query, p_query_hash, metering.size(p_slice),
                v_due, p_micro, v_due * p_micro, greatest(v_account.balance - v_due * p_micro, 0), p_at, v_until);
    IF v_found.price > v_account.balance THEN
        RETURN QUERY SELECT 'short', v_found.price, v_account.balance, v_found;
        RETURN;
    END IF;

    INSERT INTO metering.purchases SELECT v_found.*;
    IF v_held @> -1 AND NOT isempty(p_slice) THEN    -- the minimum that was paid becomes one of these rows
        UPDATE metering.holdings SET rows = rows - '{[-1,0)}'
            WHERE procurer_id = p_procurer AND product = p_product AND version = p_version AND rows @> -1;
    END IF;
    IF isempty(v_held) AND isempty(p_slice) THEN
        p_slice := '{[-1,0)}';
    END IF;
    INSERT INTO metering.holdings VALUES (p_procurer, p_product, p_version, v_until, p_slice - v_held)
        ON CONFLICT (procurer_id, product, version, free_until) DO UPDATE SET rows = holdings.rows + excluded.rows;
    IF p_key IS NOT NULL THEN
        INSERT INTO metering.idempotency_keys VALUES (p_procurer, p_key, p_fingerprint, p_purchase);
    END IF;
    IF v_found.price > 0 THEN
        PERFORM ledger.post(p_purchase, 'purchase', p_purchase::text, ARRAY[v_account.account_id],
                            ARRAY[ledger.account_of('revenue', p_product)], ARRAY[v_found.price], p_at);
    END IF;
    RETURN QUERY SELECT 'bought', v_found.price, v_account.balance - v_found.price, v_found;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA metering FROM PUBLIC;
GRANT EXECUTE ON FUNCTION metering.buy, metering.quote TO shop;
GRANT SELECT ON ALL TABLES IN SCHEMA metering TO shop;
