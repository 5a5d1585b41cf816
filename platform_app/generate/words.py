"""The words that invented people use. Mail addresses and telephone numbers are from the ranges reserved for fiction."""

from __future__ import annotations

TAGS = (
    "python", "postgresql", "kafka", "docker", "sql", "javascript", "linux", "git", "testing", "api",
    "kubernetes", "react", "performance", "security", "networking", "pandas", "spark", "airflow", "terraform", "css",
    "typescript", "rust", "java", "monitoring", "backup", "caching", "logging", "indexing", "migration", "encoding",
    "time-zone", "rate-limiting", "load-balancing", "message-queue", "unit-testing", "data-quality", "access-control",
    "machine-learning", "full-text-search", "continuous-integration",
)  # fmt: skip

FIRST_NAMES = (
    "Amara", "Anders", "Aiko", "Beatriz", "Bogdan", "Carmen", "Chinedu", "Dagmar", "Daniel", "Elif", "Emre", "Esther",
    "Farid", "Fiona", "Giulia", "Gustavo", "Hana", "Henrik", "Ines", "Ivan", "Jamal", "Joana", "Kavya", "Kenji", "Laila",
    "Leonard", "Lucia", "Magnus", "Mariam", "Mateo", "Mei", "Miriam", "Nadia", "Niklas", "Noor", "Olga", "Omar", "Paula",
    "Pedro", "Priya", "Rafael", "Rania", "Rohan", "Sofia", "Stefan", "Tamara", "Tariq", "Tomas", "Valentina", "Victor",
    "Wanjiru", "Xavier", "Yara", "Yusuf", "Zofia", "Zoltan", "Margaret", "Thomas", "Susan", "Patrick",
)  # fmt: skip

LAST_NAMES = (
    "Abebe", "Almeida", "Andersson", "Banerjee", "Bauer", "Becker", "Castillo", "Cohen", "Costa", "Demir", "Diallo",
    "Dvorak", "Eriksen", "Fernandez", "Fischer", "Fofanah", "Garcia", "Gupta", "Haddad", "Hansen", "Hernandez", "Horvat",
    "Ibrahim", "Ito", "Jansen", "Jovanovic", "Kamau", "Kaplan", "Kimura", "Kowalski", "Larsen", "Lindqvist", "Lopez",
    "Marchetti", "Mensah", "Meyer", "Moreau", "Nakamura", "Nguyen", "Novak", "Okafor", "Oliveira", "Osei", "Papadopoulos",
    "Patel", "Pereira", "Petrov", "Quispe", "Ramirez", "Reddy", "Rossi", "Salazar", "Sato", "Schneider", "Sharma",
    "Silva", "Sokolova", "Suzuki", "Takahashi", "Torres", "Tran", "Vargas", "Wagner", "Walker", "Whitfield", "Yilmaz",
    "Zhang", "Zimmermann",
)  # fmt: skip

PLACES = (
    "Berlin, Germany", "Hamburg", "London", "Leeds, United Kingdom", "New York, NY", "Austin, TX, USA", "Toronto, Canada",
    "São Paulo, Brazil", "Mexico City", "Nairobi, Kenya", "Lagos", "Accra, Ghana", "Mumbai, India", "Bangalore",
    "Tokyo, Japan", "Seoul", "Singapore", "Sydney, Australia", "Warsaw, Poland", "Prague", "Madrid, Spain", "Lisbon",
    "Paris, France", "Lyon", "Milan, Italy", "Istanbul", "Stockholm, Sweden", "Oslo", "somewhere on a train", "Earth",
)  # fmt: skip

PIECES = {
    "code": ("A small tool for {skill}", "{skill} in one file"),
    "design": ("Screens for a {skill} console", "A poster about {skill}"),
    "writing": ("{skill} for beginners", "What I learned from {skill}"),
    "product": ("A shop that runs on {skill}", "Reports made with {skill}"),
    "talk": ("Ten minutes about {skill}", "{skill}, and what came after"),
}
ABOUT_PIECES = (
    "Made in a month of evenings.",
    "Two of us built it; I did the tests.",
    "Still in use, and still growing.",
)

TITLES = (
    "{tag} stops answering after {thing}",
    "How do I combine {tag} with {other}?",
    "{tag}: {thing} takes minutes instead of seconds",
    "Why does {thing} fail only with {tag} in production?",
    "What is the right way to undo {thing} in {tag}?",
    "Moving from {other} to {tag} without losing data",
    "{tag} reports success but {thing} never happened",
    "Best practice for {thing} when several teams share {tag}",
    "Intermittent errors in {tag} during {thing}",
    "How much memory does {tag} need for {thing}?",
)
THINGS = (
    "the nightly import", "a rolling update", "the first restart", "a schema change", "the weekly report", "a large upload",
    "the second retry", "log rotation", "a clock change", "reconnecting", "the health check", "a parallel build",
    "restoring a copy", "the monthly close", "a bulk delete", "renaming a column",
)  # fmt: skip
OPENINGS = (
    "We run {tag} for about {number} users and since last week {thing} breaks.",
    "I inherited a project with {tag} and {other}, and nobody documented {thing}.",
    "After the upgrade {thing} needs {number} minutes; before it was one.",
    "Our team of {number} cannot agree on how {tag} should handle {thing}.",
    "On my machine everything works, on the server {thing} fails with exit code {number}.",
)
MIDDLES = (
    "I have read the manual twice and compared the settings with a fresh installation.",
    "The log only says that the operation was cancelled, without a reason.",
    "Restarting helps for an hour, then it is back.",
    "We tried to raise the limits and to lower them; neither changed anything.",
    "It started when we added {other} to the same network.",
    "A colleague suggested to switch it off, which I would like to avoid.",
    "The volume is small: {number} rows an hour at most.",
)
QUESTIONS = (
    "What would you look at first?",
    "Has anybody solved this without buying new hardware?",
    "Is there a supported way to do this?",
    "I am grateful for any pointer.",
    "Which of the two would you choose, and why?",
)
ANSWERS = (
    "The usual cause is {tag}: check its configuration before {thing}.",
    "You can keep {tag} and put {other} in front of it; then {thing} no longer blocks.",
    "We had the same with {number} users. Moving {thing} into its own job solved it.",
    "Look at how {tag} waits during {thing}; a timeout of {number} seconds is too short.",
    "Measure first: count how often {thing} happens, then decide between {tag} and {other}.",
    "Do not fight {tag} here. Let {other} do {thing} and read the result from there.",
)
STEPS = (
    "Stop the workers and take a copy.",
    "Turn on the detailed log for one hour.",
    "Compare the two configurations line by line.",
    "Run {thing} by hand and note the time.",
    "Roll the change out to one machine first.",
    "Set an alert on the error rate of {tag}.",
)
CODE = (
    "for batch in read(size={number}):\n    write(batch)\n    commit()",
    "select tag, count(*) from events group by tag having count(*) > {number};",
    "retry --times {number} --backoff 2s -- ./run.sh",
)
REMARKS = (
    "Which version of {tag} is that?",
    "This worked for me, thank you.",
    "Could you show the exact message?",
    "I see the same since {thing}.",
    "Careful: this also affects {other}.",
    "Please say how many rows you have; {number} is nothing.",
    "Did you try it without {tag}?",
    "That is documented, but hard to find.",
)
BIOS = (
    "I work with {tag} and {other}, mostly on {thing}.",
    "{number} years of {tag}, still learning.",
    "Maintainer of a small {tag} tool. Ask me about {thing}.",
    "Former teacher, now in {other}.",
)
HEADLINES = ("{tag} engineer", "Learning {tag}", "{tag} and {other} by day", "Independent consultant for {tag}")
SIGNATURES = (
    "You can reach me at {mail}.",
    "My number is {phone} if that is easier.",
    "Ask {name}, who set it up.",
    "Thanks to {name} for the hint.",
    "I am {name}, by the way, from the platform team.",
    "Write to {mail} or call {phone}.",
    "@{handle} had a similar case.",
)
