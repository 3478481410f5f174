-- What the store keeps.

CREATE TABLE store_namespace (
    ns INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE   -- its labels, joined by dots; deleted with its last item
);

CREATE TABLE store_item (
    item INTEGER PRIMARY KEY,   -- the higher, the later first stored
    ns INTEGER NOT NULL,
    key TEXT NOT NULL,
    created REAL NOT NULL,      -- seconds since 1970, as are the other times
    updated REAL NOT NULL,
    ttl REAL,                   -- minutes; null keeps the item for ever
    expires REAL,
    check_ INTEGER NOT NULL,
    value BLOB NOT NULL
);

CREATE UNIQUE INDEX store_item_key ON store_item (ns, key);
CREATE INDEX store_item_ns ON store_item (ns);
CREATE INDEX store_item_expires ON store_item (expires) WHERE expires IS NOT NULL;

CREATE TABLE store_vector (
    vector INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    data BLOB NOT NULL          -- 32-bit floats, little-endian, of length 1
);

CREATE INDEX store_vector_item ON store_vector (item);
