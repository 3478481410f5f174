-- What the cache keeps.

CREATE TABLE cache_entry (
    ns TEXT NOT NULL,           -- a JSON list, in ASCII
    key BLOB NOT NULL,          -- its UTF-8
    expires REAL,               -- seconds since 1970; null keeps the entry for ever
    check_ INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (ns, key)
);

CREATE INDEX cache_entry_expires ON cache_entry (expires) WHERE expires IS NOT NULL;
