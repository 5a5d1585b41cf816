"""Whether a row or a product may pass: the contracts' rules, checked twice with one verdict.

Source rows enter `rows.check_rows` on their way through release and leave with a reason each, or none. What was
appended, and every product before it is published, enters `suite.validate` (Great Expectations) and leaves as a
`Report` without row values. Read `checks.py` first: it projects a declaration to the checks that both run.
"""
