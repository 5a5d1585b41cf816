"""What people tell about themselves, and what they were awarded."""

from lake.contracts.model import Column, Pii, Table, To, Type
from lake.contracts.rules import AtMost, Between, Matches, NotNull, OneOf

SKILL = r"^[a-z0-9][a-z0-9.+#-]{0,39}$"
AVAILABILITY = ("available", "limited", "busy")
EXPERIENCE = ("junior", "mid", "senior", "lead")
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "INR", "JPY", "CAD", "AUD", "BRL", "ZAR", "NGN", "UAH", "TRY")
INDUSTRIES = (
    "agriculture", "automotive", "construction", "education", "energy", "finance", "food", "gaming", "government", "health",
    "hospitality", "insurance", "legal", "logistics", "manufacturing", "media", "nonprofit", "real_estate", "retail",
    "science", "security", "software", "telecom", "textiles", "travel", "other",
)  # fmt: skip
SKILL_LEVELS = ("beginner", "intermediate", "advanced", "expert")
SKILL_SOURCES = ("self", "resume", "github")
WORKS = ("code", "design", "writing", "product", "talk", "other")

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

working_lives = Table(
    "working_lives",
    schema="profiles",
    about="One row per person who says how they work: whether they are free, how experienced, for how much.",
    key=("account_id",),
    people=("account_id",),
    columns=(
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Whose working life it is.", rules=(NotNull(),)),
        Column("availability", Type.TEXT, pii=Pii.NONE, about="Whether they take work on.", rules=(NotNull(), OneOf(*AVAILABILITY))),
        Column("experience_level", Type.TEXT, pii=Pii.NONE, about="How experienced they say they are.", rules=(OneOf(*EXPERIENCE),)),
        Column("years_experience", Type.INT, pii=Pii.QUASI, to=To.YEAR_BAND, about="For how many years they have worked.", rules=(Between(0, 70),)),
        Column("hourly_rate", Type.INT, pii=Pii.QUASI, to=To.RATE_BAND, about="What they ask for an hour, in whole units of the currency.", rules=(Between(1, 10_000),)),
        Column("currency", Type.TEXT, pii=Pii.NONE, about="ISO 4217 code of the rate's currency; null without a rate.", rules=(OneOf(*CURRENCIES),)),
        Column("weekly_hours", Type.INT, pii=Pii.NONE, about="How many hours a week they have.", rules=(Between(1, 80),)),
        Column("industry", Type.TEXT, pii=Pii.NONE, about="Where they mostly work.", rules=(OneOf(*INDUSTRIES),)),
        Column("time_zone", Type.TEXT, pii=Pii.DIRECT, about="Their IANA time zone, which names a town.", rules=(AtMost(60),)),
        Column("updated_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it last changed.", rules=(NotNull(),)),
    ),
)

account_skills = Table(
    "account_skills",
    schema="profiles",
    about="One row per skill of a person, from the one list of skills.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="account_skill", about="Stable id of the row.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who has the skill.", rules=(NotNull(),)),
        Column("skill", Type.TEXT, pii=Pii.NONE, about="Which skill; the list is platform_app/profiles/skills.csv.", rules=(NotNull(), Matches(SKILL))),
        Column("level", Type.TEXT, pii=Pii.NONE, about="How well they know it, as they say.", rules=(NotNull(), OneOf(*SKILL_LEVELS))),
        Column("source", Type.TEXT, pii=Pii.NONE, about="Where it was taken from; the person confirmed it.", rules=(NotNull(), OneOf(*SKILL_SOURCES))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was added.", rules=(NotNull(),)),
    ),
)

portfolio_items = Table(
    "portfolio_items",
    schema="profiles",
    about="One row per piece of work that a person shows.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="portfolio_item", about="Stable id of the piece.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Whose work it is.", rules=(NotNull(),)),
        Column("kind", Type.TEXT, pii=Pii.NONE, about="What kind of work.", rules=(NotNull(), OneOf(*WORKS))),
        Column("title", Type.TEXT, pii=Pii.FREE_TEXT, about="Its name.", rules=(NotNull(), AtMost(120))),
        Column("summary", Type.TEXT, pii=Pii.FREE_TEXT, about="What it is and what they did.", rules=(AtMost(2_000),)),
        Column("url", Type.TEXT, pii=Pii.DIRECT, about="Where it can be seen."),
        Column("file_id", Type.UUID, pii=Pii.KEY, domain="file", about="The picture of it, or null."),
        Column("published_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was added.", rules=(NotNull(),)),
    ),
)

portfolio_skills = Table(
    "portfolio_skills",
    schema="profiles",
    about="One row per skill that a piece of work shows, from the one list of skills.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="portfolio_skill", about="Stable id of the row.", rules=(NotNull(),)),
        Column("item_id", Type.UUID, pii=Pii.KEY, domain="portfolio_item", about="The piece of work.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Whose work it is.", rules=(NotNull(),)),
        Column("skill", Type.TEXT, pii=Pii.NONE, about="Which skill; the list is platform_app/profiles/skills.csv.", rules=(NotNull(), Matches(SKILL))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was added.", rules=(NotNull(),)),
    ),
)

TABLES = (profiles, badge_awards, working_lives, account_skills, portfolio_items, portfolio_skills)
