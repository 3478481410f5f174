-- Every statement of the Postgres store. A line "-- name:" begins one.
-- An item is there while it has no expires or a later one than %(alive)s.
-- A namespace is below another when its name is between %(below)s and %(beyond)s, which is that name
-- and a dot, and that name and the character after the dot; for the root, the empty text and null.
-- Who changes items of a namespace has its lock, since its last item takes it away.

-- name: get_item
SELECT n.ns, i.item, n.name, i.key, i.created, i.updated, i.ttl, i.value, i.check_
FROM nbflow_store_namespace AS n
INNER JOIN nbflow_store_item AS i ON n.ns = i.ns
WHERE n.name = %s AND i.key = %s AND (i.expires IS NULL OR i.expires > %s);

-- name: get_item_at
SELECT n.ns, i.item, n.name, i.key, i.created, i.updated, i.ttl, i.value, i.check_
FROM nbflow_store_item AS i
INNER JOIN nbflow_store_namespace AS n ON i.ns = n.ns
WHERE i.ns = %s AND i.item = %s;

-- name: list_items
-- Those after a place.
SELECT n.ns, i.item, n.name, i.key, i.created, i.updated, i.ttl, i.value, i.check_
FROM nbflow_store_item AS i
INNER JOIN nbflow_store_namespace AS n ON i.ns = n.ns
WHERE
    (
        n.name = %(at)s
        OR (n.name > %(below)s AND (%(beyond)s::TEXT IS NULL OR n.name < %(beyond)s))
    )
    AND (i.ns, i.item) > (%(ns)s, %(item)s)
    AND (i.expires IS NULL OR i.expires > %(alive)s)
ORDER BY i.ns, i.item LIMIT %(limit)s OFFSET %(offset)s;

-- name: list_vectors
SELECT i.ns, i.item, v.vector, v.data
FROM nbflow_store_item AS i
INNER JOIN nbflow_store_namespace AS n ON i.ns = n.ns
INNER JOIN nbflow_store_vector AS v ON i.item = v.item
WHERE
    (
        n.name = %(at)s
        OR (n.name > %(below)s AND (%(beyond)s::TEXT IS NULL OR n.name < %(beyond)s))
    )
    AND (i.ns, i.item, v.vector) > (%(ns)s, %(item)s, %(vector)s)
    AND (i.expires IS NULL OR i.expires > %(alive)s)
ORDER BY i.ns, i.item, v.vector LIMIT %(limit)s;

-- name: list_namespaces
SELECT n.name
FROM nbflow_store_namespace AS n
WHERE
    (
        n.name = %(at)s
        OR (n.name > %(below)s AND (%(beyond)s::TEXT IS NULL OR n.name < %(beyond)s))
    )
    AND EXISTS (
        SELECT 1 FROM nbflow_store_item AS i
        WHERE i.ns = n.ns AND (i.expires IS NULL OR i.expires > %(alive)s)
    );

-- name: lock_namespaces
-- In one order for all, so that two do not wait for each other. 64 locks stand for all names.
SELECT pg_advisory_xact_lock(1852991085, stripe)
FROM (
    SELECT DISTINCT hashtext(value) & 63 AS stripe
    FROM json_array_elements_text(%s::JSON) ORDER BY stripe
) AS s;

-- name: lock_places
-- The same of the numbers of namespaces.
SELECT pg_advisory_xact_lock(1852991085, stripe)
FROM (
    SELECT DISTINCT hashtext(name) & 63 AS stripe
    FROM nbflow_store_namespace
    WHERE ns IN (SELECT value::BIGINT FROM json_array_elements_text(%s::JSON)) ORDER BY stripe
) AS s;

-- name: add_namespace
INSERT INTO nbflow_store_namespace (name) VALUES (%s) ON CONFLICT DO NOTHING;

-- name: put_item
-- Keeps the item's number and when it was first stored.
INSERT INTO nbflow_store_item (ns, key, created, updated, ttl, expires, check_, value)
VALUES (
    (SELECT ns FROM nbflow_store_namespace WHERE name = %(name)s),
    %(key)s, %(created)s, %(updated)s, %(ttl)s, %(expires)s, %(check_)s, %(value)s
)
ON CONFLICT (ns, key) DO UPDATE SET
    updated = excluded.updated,
    ttl = excluded.ttl,
    expires = excluded.expires,
    check_ = excluded.check_,
    value = excluded.value;

-- name: find_item
SELECT i.item, i.created, i.expires IS NOT NULL AND i.expires <= %(now)s
FROM nbflow_store_namespace AS n
INNER JOIN nbflow_store_item AS i ON n.ns = i.ns
WHERE n.name = %(name)s AND i.key = %(key)s;

-- name: add_vector
INSERT INTO nbflow_store_vector (item, data)
SELECT i.item, %(data)s::BYTEA
FROM nbflow_store_namespace AS n
INNER JOIN nbflow_store_item AS i ON n.ns = i.ns
WHERE n.name = %(name)s AND i.key = %(key)s;

-- name: refresh_item
UPDATE nbflow_store_item SET expires = %(now)s + ttl * 60
WHERE item = %(item)s AND ttl IS NOT NULL;

-- name: expired_items
-- In these namespaces.
SELECT i.item, n.name
FROM nbflow_store_item AS i
INNER JOIN nbflow_store_namespace AS n ON i.ns = n.ns
WHERE
    i.expires IS NOT NULL AND i.expires <= %(now)s
    AND n.name IN (SELECT value FROM json_array_elements_text(%(names)s::JSON));

-- name: namespaces_with_expired
SELECT DISTINCT n.name
FROM nbflow_store_item AS i
INNER JOIN nbflow_store_namespace AS n ON i.ns = n.ns
WHERE i.expires IS NOT NULL AND i.expires <= %s;

-- name: delete_vectors
DELETE FROM nbflow_store_vector WHERE item = %s;

-- name: delete_item
DELETE FROM nbflow_store_item WHERE item = %s;

-- name: delete_namespace
-- Keeps one that holds anything.
DELETE FROM nbflow_store_namespace AS n
WHERE
    n.name = %s
    AND NOT EXISTS (SELECT 1 FROM nbflow_store_item AS i WHERE i.ns = n.ns);
