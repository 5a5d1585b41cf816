-- Money that comes in through Stripe Checkout and goes back through refunds.
CREATE SCHEMA billing;
GRANT USAGE ON SCHEMA billing TO shop;

CREATE TABLE billing.customers (
    procurer_id uuid PRIMARY KEY REFERENCES access.procurers,
    stripe_id   text NOT NULL UNIQUE
);

CREATE TABLE billing.topups (
    topup_id       uuid PRIMARY KEY,
    procurer_id    uuid NOT NULL REFERENCES access.procurers,
    amount         bigint NOT NULL CHECK (amount > 0 AND amount % 10000 = 0),   -- micro-units, whole cents
    session_id     text UNIQUE,
    checkout_url   text,
    payment_intent text UNIQUE,
    created_at     timestamptz NOT NULL,
    credited_at    timestamptz,
    refunded       bigint NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount)
);
CREATE INDEX ON billing.topups (procurer_id, created_at DESC);

CREATE TABLE billing.stripe_events (             -- the inbox: verified first, handled later, once
    event_id    text PRIMARY KEY,
    type        text NOT NULL,
    body        jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at  timestamptz,
    outcome     text
);
CREATE INDEX ON billing.stripe_events (received_at) WHERE handled_at IS NULL;

-- Credit a paid Checkout session to its procurer, once. Answers what happened.
CREATE FUNCTION billing.credit(
    p_topup uuid, p_session text, p_intent text, p_amount bigint, p_transaction uuid, p_at timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_topup billing.topups;
    v_prepaid bigint;
BEGIN
    SELECT * INTO v_topup FROM billing.topups WHERE topup_id = p_topup FOR UPDATE;
    IF NOT FOUND THEN RETURN 'unknown_topup'; END IF;
    IF v_topup.credited_at IS NOT NULL THEN RETURN 'credited_before'; END IF;
    IF v_topup.amount <> p_amount THEN RETURN 'other_amount'; END IF;
    SELECT account_id INTO STRICT v_prepaid FROM ledger.accounts
        WHERE kind = 'prepaid' AND owner = v_topup.procurer_id::text FOR NO KEY UPDATE;
    PERFORM ledger.post(p_transaction, 'topup', p_session, ARRAY[ledger.account_of('stripe_clearing', '')],
                        ARRAY[v_prepaid], ARRAY[p_amount], p_at);
    UPDATE billing.topups SET credited_at = p_at, session_id = p_session, payment_intent = p_intent
        WHERE topup_id = p_topup;
    RETURN 'credited';
END $$;

-- Stripe has returned p_refunded in all of a payment. What the balance no longer holds is noted as a shortfall.
CREATE FUNCTION billing.refund(p_intent text, p_refunded bigint, p_transaction uuid, p_at timestamptz)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    v_topup billing.topups;
    v_prepaid ledger.accounts;
    v_due bigint;
    v_covered bigint;
    v_clearing bigint := ledger.account_of('stripe_clearing', '');
BEGIN
    SELECT * INTO v_topup FROM billing.topups WHERE payment_intent = p_intent FOR UPDATE;
    IF NOT FOUND THEN RETURN 'not_credited_yet'; END IF;
    v_due := p_refunded - v_topup.refunded;
    IF v_due <= 0 THEN RETURN 'refunded_before'; END IF;
    SELECT * INTO STRICT v_prepaid FROM ledger.accounts
        WHERE kind = 'prepaid' AND owner = v_topup.procurer_id::text FOR NO KEY UPDATE;
    v_covered := least(v_due, v_prepaid.balance);
    PERFORM ledger.post(p_transaction, 'refund', p_intent || ':' || p_refunded,
                        ARRAY[v_prepaid.account_id, ledger.account_of('refund_shortfall', v_topup.procurer_id::text)],
                        ARRAY[v_clearing, v_clearing], ARRAY[v_covered, v_due - v_covered], p_at);
    UPDATE billing.topups SET refunded = p_refunded WHERE topup_id = v_topup.topup_id;
    RETURN 'refunded';
END $$;

-- Where the books disagree with themselves, in micro-units: empty, or somebody has to look.
CREATE VIEW billing.differences AS
    WITH clearing AS (
        SELECT t.kind, split_part(t.reference, ':', 1) AS reference, -sum(e.amount)::bigint AS net
        FROM ledger.transactions t JOIN ledger.entries e USING (transaction_id) JOIN ledger.accounts a USING (account_id)
        WHERE a.kind = 'stripe_clearing' GROUP BY 1, 2
    ), earned AS (
        SELECT t.reference, sum(e.amount)::bigint AS paid
        FROM ledger.transactions t JOIN ledger.entries e USING (transaction_id) JOIN ledger.accounts a USING (account_id)
        WHERE t.kind = 'purchase' AND a.kind = 'revenue' GROUP BY 1
    ), entered AS (
        SELECT account_id, sum(amount)::bigint AS amount FROM ledger.entries GROUP BY 1
    )
    SELECT 'sum of the ledger' AS what, coalesce(sum(amount), 0)::bigint AS ours, 0::bigint AS theirs
        FROM ledger.entries HAVING coalesce(sum(amount), 0) <> 0
    UNION ALL
    SELECT 'transaction ' || transaction_id, coalesce(sum(amount), 0)::bigint, 0
        FROM ledger.transactions LEFT JOIN ledger.entries USING (transaction_id)
        GROUP BY transaction_id HAVING sum(amount) IS DISTINCT FROM 0
    UNION ALL
    SELECT 'balance of ' || a.owner, a.balance, coalesce(e.amount, 0)
        FROM ledger.accounts a LEFT JOIN entered e USING (account_id)
        WHERE a.kind = 'prepaid' AND a.balance <> coalesce(e.amount, 0)
    UNION ALL
    SELECT 'purchase ' || coalesce(p.purchase_id::text, e.reference), coalesce(p.price, 0), coalesce(e.paid, 0)
        FROM (SELECT purchase_id, price FROM metering.purchases WHERE price > 0) p
        FULL JOIN earned e ON e.reference = p.purchase_id::text
        WHERE coalesce(p.price, 0) <> coalesce(e.paid, 0)
    UNION ALL
    SELECT 'top-up ' || t.topup_id, CASE WHEN t.credited_at IS NULL THEN 0 ELSE t.amount - t.refunded END,
           coalesce(paid.net, 0) + coalesce(returned.net, 0)
        FROM billing.topups t
        LEFT JOIN clearing paid ON paid.kind = 'topup' AND paid.reference = t.session_id
        LEFT JOIN clearing returned ON returned.kind = 'refund' AND returned.reference = t.payment_intent
        WHERE CASE WHEN t.credited_at IS NULL THEN 0 ELSE t.amount - t.refunded END
              <> coalesce(paid.net, 0) + coalesce(returned.net, 0);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA billing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing.credit, billing.refund TO shop;
GRANT SELECT ON ALL TABLES IN SCHEMA billing TO shop;
GRANT INSERT ON billing.customers, billing.topups, billing.stripe_events TO shop;
GRANT UPDATE (session_id, checkout_url) ON billing.topups TO shop;
GRANT UPDATE (handled_at, outcome) ON billing.stripe_events TO shop;
