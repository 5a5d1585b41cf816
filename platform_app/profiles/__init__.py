"""What people tell about themselves, and what they were awarded.

In: edits of a profile, badges. Out: `profiles.profiles`, `profiles.badge_awards`. Read `service.py` first.

Services: profile_of, edit_profile, badges_of, award_badge, forget; batch forms: add_profiles, award_badges.
"""
