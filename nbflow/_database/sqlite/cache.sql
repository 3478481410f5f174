-- Every statement of the SQLite cache. A line "-- name:" begins one.

-- name: get_entry
SELECT value, check_, expires FROM cache_entry
WHERE ns = ? AND key = ? AND (expires IS NULL OR expires > ?);

-- name: put_entry
INSERT INTO cache_entry (ns, key, expires, check_, value) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (ns, key) DO UPDATE SET
    expires = excluded.expires, check_ = excluded.check_, value = excluded.value;

-- name: delete_expired
DELETE FROM cache_entry WHERE expires IS NOT NULL AND expires <= ?;

-- name: delete_namespace
DELETE FROM cache_entry WHERE ns = ?;

-- name: delete_all
DELETE FROM cache_entry;
