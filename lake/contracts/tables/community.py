"""Problems people post, approaches that answer them, and everything said and done around them."""

from lake.contracts.model import Column, Pii, Table, To, Type
from lake.contracts.rules import AtMost, Between, Matches, NotNull, OneOf, References

TAG = r"^[a-z0-9][a-z0-9.+#-]{0,34}$"
CODE_LANGUAGES = (
    "bash", "c", "cpp", "csharp", "css", "dart", "diff", "docker", "elixir", "go", "haskell", "html", "ini", "java",
    "javascript", "json", "julia", "kotlin", "lua", "make", "markdown", "matlab", "perl", "php", "powershell", "python", "r",
    "ruby", "rust", "scala", "sql", "swift", "toml", "typescript", "xml", "yaml", "other",
)  # fmt: skip
_CODE = Column("code_language", Type.TEXT, pii=Pii.NONE, about="The language of the first code in it; null without code.", rules=(OneOf(*CODE_LANGUAGES),), since=2)

tags = Table(
    "tags",
    schema="community",
    about="One row per tag; moderators keep the list, people choose from it.",
    key=("name",),
    people=(),
    nobody="The vocabulary is kept by moderators and belongs to nobody.",
    columns=(
        Column("name", Type.TEXT, pii=Pii.NONE, about="The tag.", rules=(NotNull(), Matches(TAG))),
        Column("synonym_of", Type.TEXT, pii=Pii.NONE, about="The tag that is used instead.", rules=(References("tags.name"),)),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was added.", rules=(NotNull(),)),
    ),
)

posts = Table(
    "posts",
    schema="community",
    about="One row per problem or update a person publishes.",
    key=("id",),
    people=("author_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="post", about="Stable id of the post.", rules=(NotNull(),)),
        Column("author_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who wrote it.", rules=(NotNull(),)),
        Column("kind", Type.TEXT, pii=Pii.NONE, about="A problem to solve, or an update.", rules=(NotNull(), OneOf("problem", "update"))),
        Column("title", Type.TEXT, pii=Pii.FREE_TEXT, about="The problem in one line.", rules=(NotNull(), AtMost(300))),
        Column("body", Type.TEXT, pii=Pii.FREE_TEXT, about="The problem as they wrote it, Markdown.", rules=(NotNull(), AtMost(50_000))),
        Column("language", Type.TEXT, pii=Pii.NONE, about="BCP 47 language of the text.", rules=(NotNull(), Matches(r"^[a-z]{2,3}(-[A-Z]{2})?$"))),
        Column("status", Type.TEXT, pii=Pii.NONE, about="Where it stands.", rules=(NotNull(), OneOf("open", "solved", "closed", "deleted"))),
        Column("accepted_approach_id", Type.UUID, pii=Pii.KEY, domain="approach", about="The approach its author accepted."),
        Column("duplicate_of", Type.UUID, pii=Pii.KEY, domain="post", about="The older post that asks the same."),
        Column("hours_to_first_approach", Type.INT, pii=Pii.QUASI, to=To.HOUR_BAND, about="Whole hours until somebody else's first approach.", rules=(Between(0, 10_000_000),)),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was published.", rules=(NotNull(),)),
        Column("updated_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it last changed.", rules=(NotNull(),)),
        _CODE,
        Column("closed_reason", Type.TEXT, pii=Pii.NONE, about="Why it takes no more approaches, or null.", rules=(OneOf("duplicate", "off_topic", "unclear", "too_broad", "outdated", "settled"),), since=2),
        Column("group_id", Type.UUID, pii=Pii.KEY, domain="group", about="The group it was written in, or null.", since=2),
        Column("locked_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="Since when nobody may add anything, or null.", since=2),
    ),
)

approaches = Table(
    "approaches",
    schema="community",
    about="One row per approach: an answer to a post, or one that stands on its own.",
    key=("id",),
    people=("author_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="approach", about="Stable id of the approach.", rules=(NotNull(),)),
        Column("post_id", Type.UUID, pii=Pii.KEY, domain="post", about="The post it answers; null when it stands on its own."),
        Column("author_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who wrote it.", rules=(NotNull(),)),
        Column("kind", Type.TEXT, pii=Pii.NONE, about="What it offers.", rules=(NotNull(), OneOf("idea", "guide", "code", "service"))),
        Column("title", Type.TEXT, pii=Pii.FREE_TEXT, about="The approach in one line; required when it stands on its own.", rules=(AtMost(300),)),
        Column("body", Type.TEXT, pii=Pii.FREE_TEXT, about="The approach as they wrote it, Markdown.", rules=(NotNull(), AtMost(50_000))),
        Column("status", Type.TEXT, pii=Pii.NONE, about="Where it stands.", rules=(NotNull(), OneOf("published", "deleted"))),
        Column("accepted_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When the post's author accepted it."),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was published.", rules=(NotNull(),)),
        Column("updated_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it last changed.", rules=(NotNull(),)),
        _CODE,
    ),
)

_POST_OR_APPROACH = (
    Column("post_id", Type.UUID, pii=Pii.KEY, domain="post", about="The post it is about, or null."),
    Column("approach_id", Type.UUID, pii=Pii.KEY, domain="approach", about="The approach it is about, or null."),
)

comments = Table(
    "comments",
    schema="community",
    about="One row per remark under a post or an approach.",
    key=("id",),
    people=("author_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="comment", about="Stable id of the comment.", rules=(NotNull(),)),
        *_POST_OR_APPROACH,
        Column("author_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who wrote it.", rules=(NotNull(),)),
        Column("body", Type.TEXT, pii=Pii.FREE_TEXT, about="The remark.", rules=(NotNull(), AtMost(5_000))),
        Column("status", Type.TEXT, pii=Pii.NONE, about="Where it stands.", rules=(NotNull(), OneOf("published", "deleted"))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was written.", rules=(NotNull(),)),
        Column("parent_id", Type.UUID, pii=Pii.KEY, domain="comment", about="The remark it answers, or null.", since=2),
        Column("thread_id", Type.UUID, pii=Pii.KEY, domain="comment", about="The remark that began it all; null for that one itself.", since=2),
        Column("edited_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When its words last changed, or null.", since=2),
    ),
)

votes = Table(
    "votes",
    schema="community",
    about="One row per vote of a person on a post or an approach.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="vote", about="Stable id of the vote.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who voted.", rules=(NotNull(),)),
        *_POST_OR_APPROACH,
        Column("value", Type.INT, pii=Pii.NONE, about="1 for, -1 against.", rules=(NotNull(), Between(-1, 1))),
        Column("cast_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was cast.", rules=(NotNull(),)),
    ),
)

taggings = Table(
    "taggings",
    schema="community",
    about="One row per tag on a post or an approach.",
    key=("id",),
    people=("author_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="tagging", about="Stable id of the tagging.", rules=(NotNull(),)),
        *_POST_OR_APPROACH,
        Column("author_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who wrote the tagged thing.", rules=(NotNull(),)),
        Column("tag", Type.TEXT, pii=Pii.NONE, about="The tag.", rules=(NotNull(), Matches(TAG), References("tags.name"))),
        Column("source", Type.TEXT, pii=Pii.NONE, about="Who chose it: the author, a moderator, or a match of the tag's word in the text.", rules=(NotNull(), OneOf("author", "moderator", "machine"))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was tagged.", rules=(NotNull(),)),
        Column("confidence", Type.INT, pii=Pii.NONE, about="How sure the machine was, in per cent; null where people chose, and where the word stood in the text.", rules=(Between(0, 100),), since=2),
    ),
)

post_links = Table(
    "post_links",
    schema="community",
    about="One row per link between two posts.",
    key=("id",),
    people=("author_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="post_link", about="Stable id of the link.", rules=(NotNull(),)),
        Column("post_id", Type.UUID, pii=Pii.KEY, domain="post", about="The post that links.", rules=(NotNull(),)),
        Column("related_post_id", Type.UUID, pii=Pii.KEY, domain="post", about="The post it links to.", rules=(NotNull(),)),
        Column("author_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who wrote the post that links.", rules=(NotNull(),)),
        Column("kind", Type.TEXT, pii=Pii.NONE, about="What the link says.", rules=(NotNull(), OneOf("duplicate", "related"))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was made.", rules=(NotNull(),)),
    ),
)

follows = Table(
    "follows",
    schema="community",
    about="One row per person who follows another.",
    key=("id",),
    people=("follower_id", "followee_id"),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="follow", about="Stable id of the follow.", rules=(NotNull(),)),
        Column("follower_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who follows.", rules=(NotNull(),)),
        Column("followee_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who is followed.", rules=(NotNull(),)),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="Since when.", rules=(NotNull(),)),
    ),
)

tag_follows = Table(
    "tag_follows",
    schema="community",
    about="One row per tag a person follows.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="tag_follow", about="Stable id of the follow.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who follows.", rules=(NotNull(),)),
        Column("tag", Type.TEXT, pii=Pii.NONE, about="The tag.", rules=(NotNull(), Matches(TAG), References("tags.name"))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="Since when.", rules=(NotNull(),)),
    ),
)

group_follows = Table(
    "group_follows",
    schema="community",
    about="One row per group a person follows without being one of its members.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="group_follow", about="Stable id of the follow.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who follows.", rules=(NotNull(),)),
        Column("group_id", Type.UUID, pii=Pii.KEY, domain="group", about="The group.", rules=(NotNull(),)),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="Since when.", rules=(NotNull(),)),
    ),
)

attachments = Table(
    "attachments",
    schema="community",
    about="One row per picture or file that a post or an approach shows.",
    key=("id",),
    people=("author_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="attachment", about="Stable id of the attachment.", rules=(NotNull(),)),
        *_POST_OR_APPROACH,
        Column("author_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who attached it.", rules=(NotNull(),)),
        Column("file_id", Type.UUID, pii=Pii.KEY, domain="file", about="The file.", rules=(NotNull(),)),
        Column("media_type", Type.TEXT, pii=Pii.NONE, about="What it is.", rules=(NotNull(), OneOf("image/webp", "application/pdf", "text/plain"))),
        Column("size_band", Type.TEXT, pii=Pii.NONE, about="How large it is.", rules=(NotNull(), OneOf("under_100_kb", "under_1_mb", "over_1_mb"))),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was attached.", rules=(NotNull(),)),
    ),
)

groups = Table(
    "groups",
    schema="community",
    about="One row per group of people who work on something together.",
    key=("id",),
    people=("owner_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="group", about="Stable id of the group.", rules=(NotNull(),)),
        Column("slug", Type.TEXT, pii=Pii.DIRECT, about="Its name in links, unique.", rules=(NotNull(),)),
        Column("title", Type.TEXT, pii=Pii.FREE_TEXT, about="Its name.", rules=(NotNull(), AtMost(80))),
        Column("about", Type.TEXT, pii=Pii.FREE_TEXT, about="What it is for, Markdown.", rules=(NotNull(), AtMost(5_000))),
        Column("joining", Type.TEXT, pii=Pii.NONE, about="Whether anybody joins, or those who are let in.", rules=(NotNull(), OneOf("open", "approval"))),
        Column("owner_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who owns it.", rules=(NotNull(),)),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it was begun.", rules=(NotNull(),)),
        Column("updated_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When it last changed.", rules=(NotNull(),)),
    ),
)

memberships = Table(
    "memberships",
    schema="community",
    about="One row per person in a group, or who asks to be.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="membership", about="Stable id of the membership.", rules=(NotNull(),)),
        Column("group_id", Type.UUID, pii=Pii.KEY, domain="group", about="The group.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who is in it.", rules=(NotNull(),)),
        Column("role", Type.TEXT, pii=Pii.NONE, about="What they may do there.", rules=(NotNull(), OneOf("member", "moderator", "owner"))),
        Column("state", Type.TEXT, pii=Pii.NONE, about="Whether they are in, or ask to be.", rules=(NotNull(), OneOf("asked", "joined"))),
        Column("told", Type.BOOL, pii=Pii.NONE, about="Whether they are told of what others write there.", rules=(NotNull(),)),
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When they joined or asked.", rules=(NotNull(),)),
    ),
)

saved_items = Table(
    "saved_items",
    schema="community",
    about="One row per post or approach that a person saved to find it again.",
    key=("id",),
    people=("account_id",),
    columns=(
        Column("id", Type.UUID, pii=Pii.KEY, domain="saved_item", about="Stable id of the note.", rules=(NotNull(),)),
        Column("account_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who saved it.", rules=(NotNull(),)),
        *_POST_OR_APPROACH,
        Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="When they saved it.", rules=(NotNull(),)),
    ),
)

TABLES = (tags, posts, approaches, comments, votes, taggings, post_links, follows, tag_follows, attachments, saved_items, groups, memberships, group_follows)
