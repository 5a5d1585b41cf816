-- How sure the machine was of a tag it gave; null where people chose, and where the tag's word stood in the text.
ALTER TABLE community.taggings
    ADD COLUMN confidence integer CHECK (confidence BETWEEN 0 AND 100),
    ADD CHECK (confidence IS NULL OR source = 'machine');
