"""What people were shown of what others wrote, and what of it they opened."""

from lake.contracts.model import Column, Pii, Table, To, Type
from lake.contracts.rules import Between, Matches, NotNull, OneOf

SURFACES = ("feed", "explore")
REASONS = (
    "follows_person", "follows_tag", "writes_in", "skill", "votes_in", "looks_at", "suggested", "near", "popular_tag",
    "popular", "new", "in_group", "follows_group",
)  # fmt: skip

impressions = Table(
    "impressions",
    schema="explore",
    about="One row per thing that a page showed a person on one day, and whether they opened it; only of people who agreed to recommendations, for 90 days.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="impression", about="Stable id of the impression.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who was shown it.", rules=(NotNull(),)),
        Column("post_id", Type.UUID, pii=Pii.KEY, domain="post", about="The post that was shown, or null."),
        Column("approach_id", Type.UUID, pii=Pii.KEY, domain="approach", about="The approach that was shown, or null."),
        Column("surface", Type.TEXT, pii=Pii.NONE, about="On which page.", rules=(NotNull(), OneOf(*SURFACES))),
        Column("rank", Type.INT, pii=Pii.NONE, about="At which place of the list, from 1.", rules=(NotNull(), Between(1, 1000))),
        Column("algorithm", Type.TEXT, pii=Pii.NONE, about="What ranked it, with its version.", rules=(NotNull(), Matches(r"^[a-z]{1,20}-[0-9]{1,4}$"))),
        Column("reason", Type.TEXT, pii=Pii.NONE, about="The reason that stood beside it.", rules=(NotNull(), OneOf(*REASONS))),
        Column("shown_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was shown first that day.", rules=(NotNull(),)),
        Column("clicked_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was opened from there."),
    ),
)

TABLES = (impressions,)
