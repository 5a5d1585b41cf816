-- What the holder of a session needs to recognise it. Families of browsers and devices only, no address.
ALTER TABLE identity.sessions
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN method text NOT NULL DEFAULT 'password' CHECK (method IN ('password', 'signup', 'github', 'google', 'oidc')),
    ADD COLUMN second_factor boolean NOT NULL DEFAULT false,
    ADD COLUMN browser text NOT NULL DEFAULT 'Another' CHECK (char_length(browser) <= 30),
    ADD COLUMN device text NOT NULL DEFAULT 'Another' CHECK (char_length(device) <= 30);
CREATE UNIQUE INDEX sessions_id ON identity.sessions (id);
