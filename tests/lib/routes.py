"""The JSON API's routes as tests go through them: every change with a body that fits, and what only a member may see."""

from __future__ import annotations

from tests.lib.front_door import PASSWORD

ID = "01a1fd6a-c2c0-7ed6-a273-efadaa243ce2"
CHANGES: dict[tuple[str, str], object] = {
    ("DELETE", "/session"): None,
    ("DELETE", "/account"): {"password": PASSWORD},
    ("PUT", "/account/password"): {"password": PASSWORD, "new_password": PASSWORD},
    ("PUT", "/account/email"): {"email": "x@example.org", "password": PASSWORD},
    ("POST", "/verification"): None,
    ("POST", "/mfa"): None,
    ("PUT", "/mfa"): {"password": PASSWORD, "code": "123456"},
    ("POST", "/mfa/recovery-codes"): {"password": PASSWORD, "code": "123456"},
    ("DELETE", "/mfa"): {"password": PASSWORD, "code": "123456"},
    ("DELETE", "/sessions"): None,
    ("DELETE", "/sessions/{session_id}"): None,
    ("POST", "/tokens"): {"name": "t", "scopes": ["read"]},
    ("DELETE", "/tokens/{token_id}"): None,
    ("DELETE", "/programs/{grant_id}"): None,
    ("DELETE", "/links/{provider}"): None,
    ("POST", "/admin/accounts/{handle}/details"): {"reason": "r"},
    ("PUT", "/consents/{purpose}"): {"granted": True},
    ("POST", "/posts"): {"title": "t", "body": "b"},
    ("PUT", "/posts/{post_id}"): {"title": "t", "body": "b"},
    ("DELETE", "/posts/{post_id}"): None,
    ("POST", "/posts/{post_id}/approaches"): {"body": "b"},
    ("PUT", "/posts/{post_id}/accepted"): {"approach_id": ID},
    ("PUT", "/posts/{post_id}/duplicate"): {"of": ID},
    ("POST", "/approaches"): {"title": "t", "body": "b"},
    ("PUT", "/approaches/{approach_id}"): {"body": "b"},
    ("DELETE", "/approaches/{approach_id}"): None,
    ("POST", "/{kind}/{target_id}/comments"): {"body": "b"},
    ("DELETE", "/comments/{comment_id}"): None,
    ("PUT", "/{kind}/{target_id}/vote"): {"value": 1},
    ("POST", "/{kind}/{target_id}/tags"): {"tags": ["t"]},
    ("POST", "/tags"): {"name": "t"},
    ("PUT", "/tags/{tag}/synonym"): {"of": "s"},
    ("DELETE", "/tags/{tag}/synonym"): None,
    ("PUT", "/people/{handle}/follow"): None,
    ("DELETE", "/people/{handle}/follow"): None,
    ("POST", "/reports"): {"target_kind": "post", "target_id": ID, "category": "spam"},
    ("POST", "/account/appeal"): {"text": "t"},
    ("PUT", "/moderation/cases/{target_id}/assignee"): None,
    ("DELETE", "/moderation/cases/{target_id}/assignee"): None,
    ("PUT", "/moderation/cases/{target_id}/decision"): {"outcome": "upheld", "reason": "r"},
    ("POST", "/moderation/cases/{target_id}/reopen"): {"reason": "r"},
    ("PUT", "/moderation/hidden/{target_kind}/{target_id}"): {"reason": "r"},
    ("POST", "/moderation/hidden/{target_kind}/{target_id}/restore"): {"reason": "r"},
    ("PUT", "/people/{handle}/suspension"): {"days": 1, "reason": "r"},
    ("POST", "/people/{handle}/suspension/lift"): {"reason": "r"},
    ("PUT", "/people/{handle}/trust"): {"trusted": True, "reason": "r"},
    ("POST", "/moderation/words"): {"word": "rude"},
    ("DELETE", "/moderation/words/{word}"): None,
    ("PUT", "/people/{handle}/block"): None,
    ("DELETE", "/people/{handle}/block"): None,
    ("PUT", "/people/{handle}/mute"): None,
    ("DELETE", "/people/{handle}/mute"): None,
    ("PUT", "/tags/{tag}/follow"): None,
    ("DELETE", "/tags/{tag}/follow"): None,
    ("PUT", "/profile"): {},
    ("PUT", "/profile/work"): {},
    ("PUT", "/profile/skills"): {"skills": []},
    ("PUT", "/profile/face"): None,
    ("DELETE", "/profile/face"): None,
    ("POST", "/profile/portfolio"): {"title": "t"},
    ("DELETE", "/profile/portfolio/{item_id}"): None,
    ("PUT", "/profile/resume"): None,
    ("DELETE", "/profile/resume"): None,
    ("POST", "/profile/resume/taken"): {"skills": []},
    ("POST", "/{kind}/{target_id}/attachments"): {"file_id": ID},
    ("DELETE", "/attachments/{attachment_id}"): None,
    ("POST", "/files"): None,
    ("DELETE", "/files/{file_id}"): None,
    ("PUT", "/notifications/read"): None,
    ("PUT", "/notifications/{notification_id}/read"): None,
    ("PUT", "/notifications/preferences/{kind}"): {"channel": "none"},
}
MINE = [
    "/session", "/consents", "/profile", "/posts?feed=followed", "/mfa", "/sessions", "/tokens", "/programs", "/links",
    "/account/export", "/admin/audit", "/notifications", "/notifications/preferences",
    "/files", "/profile/resume",
    "/blocks", "/reports", "/account/moderation", "/moderation/cases", "/moderation/log", "/moderation/words",
]  # fmt: skip
OPEN = {
    ("POST", "/accounts"), ("POST", "/session"), ("POST", "/auth/token"), ("POST", "/auth/refresh"),
    ("POST", "/auth/logout"), ("POST", "/verification/{token}"),
}  # fmt: skip


def filled(path: str) -> str:
    """The path with something in the place of each parameter."""
    return path.format(
        post_id=ID, approach_id=ID, comment_id=ID, target_id=ID, kind="posts", target_kind="post", word="rude", handle="ann", tag="t", purpose="lake",
        session_id=ID, notification_id=ID, token_id=ID, grant_id=ID, provider="github",
        file_id=ID, item_id=ID, attachment_id=ID,
    )  # fmt: skip
