"""What people are told about what others did."""

from lake.contracts.model import Column, Pii, Table, To, Type
from lake.contracts.rules import Between, NotNull, OneOf

KINDS = (
    "answered", "commented", "mentioned", "accepted", "voted", "followed", "posted", "badge", "duplicate", "moderated", "reported",
    "replied", "closed", "in_group", "asked", "admitted", "asked_to_follow", "let_follow",
)

notifications = Table(
    "notifications",
    schema="messaging",
    about="One row per notification of a person; what happens again before they look is counted in the same row.",
    key=("id",),
    people=("recipient_id", "actor_id"),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="notification", about="Stable id of the notification.", rules=(NotNull(),)),
        Column("recipient_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who is told.", rules=(NotNull(),)),
        Column("actor_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who did it last; the recipient where nobody did.", rules=(NotNull(),)),
        Column("kind", Type.TEXT, pii=Pii.NONE, about="What happened.", rules=(NotNull(), OneOf(*KINDS))),
        Column("post_id", Type.UUID, pii=Pii.KEY, domain="post", about="The post it is about, or null."),
        Column("approach_id", Type.UUID, pii=Pii.KEY, domain="approach", about="The approach it is about, or null."),
        Column("group_id", Type.UUID, pii=Pii.KEY, domain="group", about="The group it is about, or null.", since=2),
        Column("times", Type.INT, pii=Pii.NONE, about="How often it happened before the recipient looked.", rules=(NotNull(), Between(1, 1_000_000_000))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it happened first.", rules=(NotNull(),)),
        Column("changed_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it happened last, or was read.", rules=(NotNull(),)),
        Column("read_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When the recipient looked."),
    ),
)

TABLES = (notifications,)
