-- Counts of changes, by place (store.Changes): what was read under a number is as it was while the number is the same.
CREATE TABLE changes (
	place  INTEGER PRIMARY KEY,
	number INTEGER NOT NULL
) STRICT;
