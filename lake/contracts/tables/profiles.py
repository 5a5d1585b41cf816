"""What people tell about themselves, and what they were awarded."""

from lake.contracts.model import Column, Pii, Table, To, Type
from lake.contracts.rules import AtMost, Matches, NotNull, OneOf

profiles = Table(
    "profiles",
    schema="profiles",
    about="One row per person: what they tell about themselves.",
    key=("account_id",),
    people=("account_id",),
    columns=(
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Whose profile it is.", rules=(NotNull(),)),
        Column("headline", Type.TEXT, pii=Pii.FREE_TEXT, about="One line about them.", rules=(AtMost(200),)),
        Column("bio", Type.TEXT, pii=Pii.FREE_TEXT, about="A longer text about them.", rules=(AtMost(20_000),)),
        Column("website_url", Type.TEXT, pii=Pii.DIRECT, about="A page of theirs."),
        Column("location", Type.TEXT, pii=Pii.QUASI, to=To.COUNTRY, about="Where they say they are, in their words.", rules=(AtMost(200),)),
        Column("updated_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it last changed.", rules=(NotNull(),)),
    ),
)

badge_awards = Table(
    "badge_awards",
    schema="profiles",
    about="One row per badge a person was awarded.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="badge_award", about="Stable id of the award.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who holds it.", rules=(NotNull(),)),
        Column("badge", Type.TEXT, pii=Pii.NONE, about="Which badge; the list is kept by moderators.", rules=(NotNull(), Matches(r"^[a-z0-9][a-z0-9.+#-]{0,49}$"))),
        Column("tier", Type.TEXT, pii=Pii.NONE, about="How rare it is.", rules=(NotNull(), OneOf("gold", "silver", "bronze"))),
        Column("awarded_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was awarded.", rules=(NotNull(),)),
    ),
)

TABLES = (profiles, badge_awards)
