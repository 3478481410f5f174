-- What stands in for what a file lacks that an older nbflow made and this user may only read.

-- name: before_5
CREATE TEMP VIEW thread AS SELECT *, NULL AS lease_until FROM main.thread;
