-- Who accepts again and again, or asks to join again and again, is one row until the recipient looks.
DELETE FROM messaging.notifications n USING messaging.notifications o
WHERE n.read_at IS NULL AND o.read_at IS NULL AND n.kind IN ('accepted', 'asked') AND o.kind = n.kind
  AND o.recipient_id = n.recipient_id
  AND coalesce(o.group_id, o.approach_id, o.post_id) = coalesce(n.group_id, n.approach_id, n.post_id)
  AND (o.changed_at, o.id) > (n.changed_at, n.id);
DROP INDEX messaging.notifications_folded;
CREATE UNIQUE INDEX notifications_folded ON messaging.notifications (
    recipient_id, kind,
    (CASE kind WHEN 'posted' THEN actor_id WHEN 'followed' THEN recipient_id WHEN 'in_group' THEN group_id
               WHEN 'asked' THEN group_id ELSE coalesce(approach_id, post_id) END))
    WHERE read_at IS NULL
      AND kind IN ('answered', 'commented', 'voted', 'followed', 'posted', 'in_group', 'accepted', 'asked');
