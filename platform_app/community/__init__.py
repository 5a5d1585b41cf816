"""Problems people post, approaches that answer them, and everything said and done around them.

In: posts, approaches, comments, votes, tags, follows, one by one (`service.py`, `follows.py`) or in batches
(`batch.py`). Out: the tables of the schema `community`; pages read them through `reads.py`.
Read `service.py` first.

Services (`service.py`): write_post, edit_post, delete_post, mark_duplicate, write_approach, edit_approach,
delete_approach, accept, unaccept, comment, delete_comment, vote, add_tags, create_tag.
`follows.py`: follow, unfollow, follow_tag, unfollow_tag.
`leaving.py`: forget, for a person who deletes their account.
`reads.py`: newest_posts, posts_by_id, posts_of, approaches_of, newest_approaches, read_post, read_approach,
popular_tags, follow_state.
Batch forms (`batch.py`): add_vocabulary, add_posts, add_approaches, accept_many, add_comments, cast_votes,
add_links, add_follows, add_tag_follows.
"""
