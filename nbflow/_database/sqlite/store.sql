-- Every statement of the SQLite store. A line "-- name:" begins one.
-- An item is there while it has no expires or a later one than :alive.
-- A namespace is below another when its name is between :below and :beyond, which is that name and
-- a dot, and that name and the character after the dot; for the root, the empty text and a blob,
-- which is more than any text.

-- name: get_item
SELECT n.ns, i.item, n.name, i.key, i.created, i.updated, i.ttl, i.value, i.check_
FROM store_namespace AS n
INNER JOIN store_item AS i ON n.ns = i.ns
WHERE n.name = ? AND i.key = ? AND (i.expires IS NULL OR i.expires > ?);

-- name: get_item_at
SELECT n.ns, i.item, n.name, i.key, i.created, i.updated, i.ttl, i.value, i.check_
FROM store_item AS i
INNER JOIN store_namespace AS n ON i.ns = n.ns
WHERE i.ns = ? AND i.item = ?;

-- name: list_items
-- Those after a place; the index store_item_ns has them in order.
SELECT n.ns, i.item, n.name, i.key, i.created, i.updated, i.ttl, i.value, i.check_
FROM store_item AS i
INNER JOIN store_namespace AS n ON i.ns = n.ns
WHERE
    i.ns IN (
        SELECT ns FROM store_namespace WHERE name = :at
        UNION ALL
        SELECT ns FROM store_namespace WHERE name > :below AND name < :beyond
    )
    AND (i.ns, i.item) > (:ns, :item)
    AND (i.expires IS NULL OR i.expires > :alive)
ORDER BY i.ns, i.item LIMIT :limit OFFSET :offset;

-- name: list_vectors
SELECT i.ns, i.item, v.vector, v.data
FROM store_item AS i
INNER JOIN store_vector AS v ON i.item = v.item
WHERE
    i.ns IN (
        SELECT ns FROM store_namespace WHERE name = :at
        UNION ALL
        SELECT ns FROM store_namespace WHERE name > :below AND name < :beyond
    )
    AND (i.ns, i.item, v.vector) > (:ns, :item, :vector)
    AND (i.expires IS NULL OR i.expires > :alive)
ORDER BY i.ns, i.item, v.vector LIMIT :limit;

-- name: list_namespaces
SELECT n.name
FROM store_namespace AS n
WHERE
    (n.name = :at OR (n.name > :below AND n.name < :beyond))
    AND EXISTS (
        SELECT 1 FROM store_item AS i
        WHERE i.ns = n.ns AND (i.expires IS NULL OR i.expires > :alive)
    );

-- name: lock_namespaces
-- Nothing to hold: a transaction has the file for itself.
SELECT ?;

-- name: lock_places
SELECT ?;

-- name: add_namespace
INSERT INTO store_namespace (name) VALUES (?) ON CONFLICT DO NOTHING;

-- name: put_item
-- Keeps the item's number and when it was first stored.
INSERT INTO store_item (ns, key, created, updated, ttl, expires, check_, value)
VALUES (
    (SELECT ns FROM store_namespace WHERE name = :name),
    :key, :created, :updated, :ttl, :expires, :check_, :value
)
ON CONFLICT (ns, key) DO UPDATE SET
    updated = excluded.updated,
    ttl = excluded.ttl,
    expires = excluded.expires,
    check_ = excluded.check_,
    value = excluded.value;

-- name: find_item
SELECT i.item, i.created, i.expires IS NOT NULL AND i.expires <= :now
FROM store_namespace AS n
INNER JOIN store_item AS i ON n.ns = i.ns
WHERE n.name = :name AND i.key = :key;

-- name: add_vector
INSERT INTO store_vector (item, data)
SELECT i.item, :data
FROM store_namespace AS n
INNER JOIN store_item AS i ON n.ns = i.ns
WHERE n.name = :name AND i.key = :key;

-- name: refresh_item
UPDATE store_item SET expires = :now + ttl * 60 WHERE item = :item AND ttl IS NOT NULL;

-- name: expired_items
-- In these namespaces.
SELECT i.item, n.name
FROM store_item AS i
INNER JOIN store_namespace AS n ON i.ns = n.ns
WHERE
    i.expires IS NOT NULL AND i.expires <= :now
    AND n.name IN (SELECT value FROM json_each(:names));

-- name: namespaces_with_expired
SELECT DISTINCT n.name
FROM store_item AS i
INNER JOIN store_namespace AS n ON i.ns = n.ns
WHERE i.expires IS NOT NULL AND i.expires <= ?;

-- name: delete_vectors
DELETE FROM store_vector WHERE item = ?;

-- name: delete_item
DELETE FROM store_item WHERE item = ?;

-- name: delete_namespace
-- Keeps one that holds anything.
DELETE FROM store_namespace
WHERE
    name = ?1
    AND NOT EXISTS (SELECT 1 FROM store_item AS i WHERE i.ns = store_namespace.ns);
