-- What the store keeps.

CREATE TABLE nbflow_store_namespace (
    ns BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE -- its labels, joined by dots; deleted with its last item
);

CREATE TABLE nbflow_store_item (
    item BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the higher, the later first stored
    ns BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    created DOUBLE PRECISION NOT NULL, -- seconds since 1970, as are the other times
    updated DOUBLE PRECISION NOT NULL,
    ttl DOUBLE PRECISION,       -- minutes; null keeps the item for ever
    expires DOUBLE PRECISION,
    check_ BIGINT NOT NULL,
    value BYTEA NOT NULL
);

CREATE UNIQUE INDEX nbflow_store_item_key ON nbflow_store_item (ns, key);
CREATE INDEX nbflow_store_item_ns ON nbflow_store_item (ns, item);
CREATE INDEX nbflow_store_item_expires ON nbflow_store_item (expires) WHERE expires IS NOT NULL;

CREATE TABLE nbflow_store_vector (
    vector BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item BIGINT NOT NULL,
    data BYTEA NOT NULL         -- 32-bit floats, little-endian, of length 1
);

CREATE INDEX nbflow_store_vector_item ON nbflow_store_vector (item);
