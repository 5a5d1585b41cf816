"""Who people are and what they agreed to."""

from lake.contracts.model import Column, Pii, Table, To, Type
from lake.contracts.rules import NotNull, OneOf

accounts = Table(
    "accounts",
    schema="identity",
    about="One row per person who has an account.",
    key=("id",),
    people=("id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="account", about="Stable id of the person.", rules=(NotNull(),)),
        Column("email", Type.TEXT, pii=Pii.DIRECT, about="Where mail reaches them; null for imported people."),
        Column("handle", Type.TEXT, pii=Pii.DIRECT, about="The name in links, unique.", rules=(NotNull(),)),
        Column("display_name", Type.TEXT, pii=Pii.DIRECT, about="The name shown on pages.", rules=(NotNull(),)),
        Column("role", Type.TEXT, pii=Pii.NONE, about="What they may do.", rules=(NotNull(), OneOf("member", "moderator", "admin"))),
        Column("status", Type.TEXT, pii=Pii.NONE, about="Whether the account is in use.", rules=(NotNull(), OneOf("active", "suspended", "deleted"))),
        Column("origin", Type.TEXT, pii=Pii.NONE, about="How the account came to be.", rules=(NotNull(), OneOf("signup", "import", "generated"))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When they joined.", rules=(NotNull(),)),
    ),
)

consents = Table(
    "consents",
    schema="identity",
    about="One row per person and purpose: whether they agree now.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="consent", about="Stable id of the decision.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who decided.", rules=(NotNull(),)),
        Column("purpose", Type.TEXT, pii=Pii.NONE, about="What for.", rules=(NotNull(), OneOf("lake", "text_corpus", "email", "recommendations"))),
        Column("granted", Type.BOOL, pii=Pii.NONE, about="Whether they agree.", rules=(NotNull(),)),
        Column("decided_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When they decided.", rules=(NotNull(),)),
    ),
)

TABLES = (accounts, consents)
