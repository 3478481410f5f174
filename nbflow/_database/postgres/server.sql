-- What every transaction and every connection asks. A line "-- name:" begins a statement.
-- The numbers of the advisory locks are "nbfl" and 1 for the schema, 2 for what lies in blobs.

-- name: whereabouts
SELECT current_database(), current_schema(), current_setting('server_encoding');

-- name: lock_schema
SELECT pg_advisory_xact_lock(1852991084, 1);

-- name: has_version
-- Looks at the catalogue, so as to hear of what others did while this waited for its lock.
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class WHERE oid = to_regclass('nbflow_version'));

-- name: get_version
SELECT version FROM nbflow_version;

-- name: forget_version
DELETE FROM nbflow_version;

-- name: set_version
INSERT INTO nbflow_version (version) VALUES (%s);

-- name: begin_shared
-- Whoever stores long values keeps those away who delete them, until the end of the transaction.
SELECT pg_advisory_xact_lock_shared(1852991084, 2);

-- name: begin_alone
SELECT pg_advisory_xact_lock(1852991084, 2);

-- name: wait_for_disk
SELECT set_config('synchronous_commit', 'on', TRUE)
WHERE current_setting('synchronous_commit') = 'off';
