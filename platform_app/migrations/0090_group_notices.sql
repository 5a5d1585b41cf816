-- What people are told of besides: replies to their comments, closed problems, and what happens in their groups.
ALTER TABLE messaging.notifications
    DROP CONSTRAINT notifications_kind_check,
    ADD CONSTRAINT notifications_kind_check CHECK (kind IN (
        'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate', 'moderated',
        'reported', 'replied', 'closed', 'in_group', 'asked', 'admitted'));
ALTER TABLE messaging.preferences
    DROP CONSTRAINT preferences_kind_check,
    ADD CONSTRAINT preferences_kind_check CHECK (kind IN (
        'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate', 'moderated',
        'reported', 'replied', 'closed', 'in_group', 'asked', 'admitted'));
DROP INDEX messaging.notifications_folded;
CREATE UNIQUE INDEX notifications_folded ON messaging.notifications (
    recipient_id, kind,
    (CASE kind WHEN 'posted' THEN actor_id WHEN 'followed' THEN recipient_id WHEN 'in_group' THEN group_id
               ELSE coalesce(approach_id, post_id) END))
    WHERE read_at IS NULL AND kind IN ('answered', 'commented', 'voted', 'followed', 'posted', 'in_group');
