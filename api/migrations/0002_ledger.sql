-- The double-entry ledger, in bigint micro-units of one currency.
-- An amount > 0 credits an account, < 0 debits it; the amounts of one transaction sum to zero, checked at its commit.
-- Role shop can read all of it and write none of it: entries are made by the functions below and in later files only.
CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO shop;

CREATE TABLE ledger.accounts (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('prepaid', 'revenue', 'stripe_clearing', 'refund_shortfall')),
    owner      text NOT NULL DEFAULT '',         -- the procurer of a prepaid account, the product of a revenue account
    currency   char(3) NOT NULL DEFAULT 'USD',
    balance    bigint,                           -- kept for prepaid only: it is what a charge locks and checks
    UNIQUE (kind, owner),
    CHECK ((kind = 'prepaid') = (balance IS NOT NULL)),
    CONSTRAINT prepaid_is_never_overspent CHECK (balance >= 0)
);

CREATE TABLE ledger.transactions (
    transaction_id uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('topup', 'purchase', 'refund')),
    reference      text NOT NULL,                -- what it was for: the purchase, the Checkout session, the refund
    made_at        timestamptz NOT NULL,
    UNIQUE (kind, reference)                     -- the same thing is never posted twice
);

CREATE TABLE ledger.entries (
    entry_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id uuid NOT NULL REFERENCES ledger.transactions,
    account_id     bigint NOT NULL REFERENCES ledger.accounts,
    amount         bigint NOT NULL CHECK (amount <> 0)
);
CREATE INDEX ON ledger.entries (transaction_id);
CREATE INDEX ON ledger.entries (account_id);

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: correct it with a reversing transaction.';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION ledger.check_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM ledger.entries WHERE transaction_id = NEW.transaction_id) <> 0 THEN
        RAISE EXCEPTION 'A ledger transaction does not sum to zero.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER sums_to_zero AFTER INSERT ON ledger.entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.check_balanced();

-- The account of a kind and owner, made when it is new. Prepaid accounts are made by open_prepaid alone.
CREATE FUNCTION ledger.account_of(p_kind text, p_owner text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE v_account bigint;
BEGIN
    SELECT account_id INTO v_account FROM ledger.accounts WHERE kind = p_kind AND owner = p_owner;
    IF v_account IS NULL THEN
        INSERT INTO ledger.accounts (kind, owner) VALUES (p_kind, p_owner) ON CONFLICT DO NOTHING;
        SELECT account_id INTO v_account FROM ledger.accounts WHERE kind = p_kind AND owner = p_owner;
    END IF;
    RETURN v_account;
END $$;

-- Move an amount from one account to another. The caller holds the lock of the prepaid account that takes part.
CREATE FUNCTION ledger.post(
    p_transaction uuid, p_kind text, p_reference text, p_from bigint[], p_to bigint[], p_amounts bigint[], p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger.transactions VALUES (p_transaction, p_kind, p_reference, p_at);
    INSERT INTO ledger.entries (transaction_id, account_id, amount)
        SELECT p_transaction, side.account, side.amount
        FROM unnest(p_from, p_to, p_amounts) AS move (origin, target, amount),
             LATERAL (VALUES (move.origin, -move.amount), (move.target, move.amount)) AS side (account, amount)
        WHERE side.amount <> 0;
    UPDATE ledger.accounts SET balance = balance + moved.amount
        FROM (SELECT account_id, sum(amount) AS amount FROM ledger.entries
              WHERE transaction_id = p_transaction GROUP BY account_id) AS moved
        WHERE accounts.account_id = moved.account_id AND accounts.kind = 'prepaid';
END $$;

CREATE FUNCTION ledger.open_prepaid(p_procurer uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    INSERT INTO ledger.accounts (kind, owner, balance) VALUES ('prepaid', p_procurer::text, 0) ON CONFLICT DO NOTHING;
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_prepaid TO shop;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO shop;
