"""What people tell about themselves, and what they were awarded.

In: edits of a profile, badges, pictures, résumés. Out: the tables of the schema `profiles`. Read `service.py` first;
`work.py` has skills and how people work, `showing.py` faces and portfolios, `resumes.py` what is read from a résumé,
`vocabulary.py` the one list of skills.

Services: profile_of, edit_profile, badges_of, award_badge, forget; batch forms: add_profiles, award_badges.
"""
