-- Counts of changes, by place (store.Changes): what was read under a number is as it was while the number is the same.
CREATE TABLE changes (
	place  BIGINT PRIMARY KEY,
	number BIGINT NOT NULL
);
