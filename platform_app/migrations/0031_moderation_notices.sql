-- People are told what moderators did about what they wrote, and what came of their reports.
ALTER TABLE messaging.notifications DROP CONSTRAINT notifications_kind_check;
ALTER TABLE messaging.notifications ADD CONSTRAINT notifications_kind_check CHECK (kind IN (
    'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate', 'moderated', 'reported'));
ALTER TABLE messaging.preferences DROP CONSTRAINT preferences_kind_check;
ALTER TABLE messaging.preferences ADD CONSTRAINT preferences_kind_check CHECK (kind IN (
    'answered', 'commented', 'mentioned', 'accepted', 'voted', 'followed', 'posted', 'badge', 'duplicate', 'moderated', 'reported'));
