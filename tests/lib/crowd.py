"""A large community by SQL alone, for plans and times: many authors and posts, and one person who follows a thousand people."""

from __future__ import annotations

from uuid import UUID

from platform_app.db import Conn

AUTHORS, POSTS, FOLLOWED, TAGS, FOLLOWED_TAGS, GROUPS = 5_000, 100_000, 1_000, 200, 20, 60
ME = UUID("00000000-0000-7000-8000-000000000001")

_STATEMENTS = (
    # Half of the authors write nearly everything, as in life; ids are made from numbers.
    "INSERT INTO identity.accounts (id, handle, display_name, role, status, origin, created_at) "
    "SELECT account(n), 'person-' || n, 'Person ' || n, 'member', 'active', 'generated', now() - interval '3 years' "
    "FROM generate_series(1, %(authors)s) AS n",
    "INSERT INTO identity.consents (id, account_id, purpose, granted, decided_at) "
    "SELECT thing('consent' || n), account(n), 'recommendations', true, now() FROM generate_series(1, %(authors)s) AS n",
    "INSERT INTO community.tags (name, created_at) SELECT 'tag-' || n, now() FROM generate_series(1, %(tags)s) AS n",
    "INSERT INTO community.posts (id, author_id, kind, title, body, language, status, created_at, updated_at) "
    "SELECT thing('post' || n), account(2 + floor((%(authors)s - 1) * power(hash(n), 2))::integer), 'problem', "
    "'How number ' || n || '?', repeat('It does not work. ', 20), 'en', 'open', t, t "
    "FROM generate_series(1, %(posts)s) AS n, LATERAL (SELECT now() - n * interval '13 minutes' AS t) AS moment",
    # Sixty groups in which half of all is written; the one person is in thirty and follows thirty.
    "INSERT INTO community.groups (id, slug, title, about, joining, owner_id, created_at, updated_at) "
    "SELECT thing('group' || n), 'group-' || n, 'Group ' || n, '', 'open', account(2), now(), now() "
    "FROM generate_series(1, %(groups)s) AS n",
    "INSERT INTO community.memberships (id, group_id, account_id, role, state, told, created_at) "
    "SELECT thing('membership' || g || '-' || a), thing('group' || g), account(a), 'member', 'joined', false, now() "
    "FROM generate_series(1, %(groups)s) AS g, generate_series(1, 400) AS a WHERE a > 1 OR g %% 2 = 0",
    "INSERT INTO community.group_follows (id, account_id, group_id, created_at) "
    "SELECT thing('group_follow' || n), account(1), thing('group' || n), now() "
    "FROM generate_series(1, %(groups)s, 2) AS n",
    "UPDATE community.posts SET group_id = thing('group' || (1 + abs(hashtext(id::text)) %% %(groups)s)) "
    "WHERE hashtext(id::text || 'in') %% 2 = 0",
    "INSERT INTO community.post_counters (post_id, score, approaches) "
    "SELECT id, (hash(row_number() OVER (ORDER BY id)) * 30)::integer, 1 FROM community.posts",
    "INSERT INTO community.taggings (id, post_id, author_id, tag, source, created_at) "
    "SELECT thing('tagging' || p.id || k), p.id, p.author_id, "
    "'tag-' || (1 + floor(%(tags)s * power(hash(hashtext(p.id::text || k)), 2)))::integer, 'author', p.created_at "
    "FROM community.posts p, generate_series(1, 2) AS k ON CONFLICT DO NOTHING",
    "INSERT INTO community.follows (id, follower_id, followee_id, created_at) "
    "SELECT thing('follow' || n), account(1), account(2 + (n * 3) %% (%(authors)s - 2)), now() "
    "FROM generate_series(1, %(followed)s) AS n",
    "INSERT INTO community.follows (id, follower_id, followee_id, created_at) "
    "SELECT thing('second' || a || k), account(a), account(2 + (a * 7 + k * 31) %% (%(authors)s - 2)), now() "
    "FROM generate_series(2, %(authors)s) AS a, generate_series(1, 5) AS k "
    "WHERE a <> 2 + (a * 7 + k * 31) %% (%(authors)s - 2) ON CONFLICT DO NOTHING",
    "INSERT INTO community.tag_follows (id, account_id, tag, created_at) "
    "SELECT thing('tag_follow' || n), account(1), 'tag-' || n, now() FROM generate_series(1, %(followed_tags)s) AS n",
)
_NAMES = """
CREATE FUNCTION pg_temp.thing(name text) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT (left(md5(name), 12) || '7' || substr(md5(name), 14, 3) || '8' || substr(md5(name), 18))::uuid $$;
CREATE FUNCTION pg_temp.account(n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.hash(n bigint) RETURNS double precision IMMUTABLE LANGUAGE sql AS
    $$ SELECT (abs(hashint8(n)::bigint) %% 1000000) / 1000000.0 $$;
"""


def settle(conn: Conn, *, posts: int = POSTS) -> UUID:
    """Write the community as the owner of the tables, and count it for the planner; returns who follows the thousand."""
    conn.execute(_NAMES.replace("%%", "%").encode())
    values = {
        "authors": AUTHORS, "posts": posts, "tags": TAGS, "followed": FOLLOWED, "followed_tags": FOLLOWED_TAGS,
        "groups": GROUPS,
    }  # fmt: skip
    for statement in _STATEMENTS:
        named = statement
        for name in ("thing", "account", "hash"):
            named = named.replace(f" {name}(", f" pg_temp.{name}(").replace(f"({name}(", f"(pg_temp.{name}(")
        conn.execute(named.encode(), values)
    for table in (
        "posts",
        "taggings",
        "follows",
        "tag_follows",
        "post_counters",
        "groups",
        "memberships",
        "group_follows",
    ):
        conn.execute(f"ANALYZE community.{table}".encode())
    return ME
