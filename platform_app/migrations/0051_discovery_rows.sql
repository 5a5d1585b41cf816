-- What was written before there was a search; what is written meanwhile is there already.
INSERT INTO discovery.documents (subject_id, kind, author_id, post_id, state, language, created_at, words)
SELECT p.id, p.kind, p.author_id, NULL, p.status, p.language, p.created_at,
    setweight(to_tsvector(discovery.config_of(p.language), p.title), 'A')
    || setweight(to_tsvector(discovery.config_of(p.language), p.body), 'D')
FROM community.posts p JOIN identity.accounts a ON a.id = p.author_id AND a.status <> 'deleted'
WHERE p.status IN ('open', 'solved', 'closed')
ON CONFLICT (subject_id) DO NOTHING;

INSERT INTO discovery.documents (subject_id, kind, author_id, post_id, state, language, created_at, words)
SELECT a.id, 'approach', a.author_id, a.post_id,
    CASE WHEN a.accepted_at IS NULL THEN 'published' ELSE 'accepted' END, coalesce(p.language, 'en'), a.created_at,
    setweight(to_tsvector(discovery.config_of(coalesce(p.language, 'en')), coalesce(a.title, '')), 'A')
    || setweight(to_tsvector(discovery.config_of(coalesce(p.language, 'en')), a.body), 'D')
FROM community.approaches a JOIN identity.accounts u ON u.id = a.author_id AND u.status <> 'deleted'
LEFT JOIN community.posts p ON p.id = a.post_id
WHERE a.status = 'published'
ON CONFLICT (subject_id) DO NOTHING;

SELECT count(discovery.index_person(id)) FROM identity.accounts WHERE status = 'active';
