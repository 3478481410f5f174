-- The database as the migrations leave it (a test proves it). Of a run only its thread is ever updated.
-- A value column holds the encoded value or, as text, the hash of a blob with it.

CREATE TABLE thread (
    thread_id TEXT NOT NULL,
    ns TEXT NOT NULL,
    head TEXT,                  -- id of the newest checkpoint
    run TEXT,                   -- id of the newest run
    status TEXT NOT NULL,
    epoch INTEGER NOT NULL,     -- grows with every owner; a commit under an older one is refused
    owner TEXT,
    changed INTEGER NOT NULL,   -- the higher, the later changed
    lease_until REAL,           -- until when it is the owner's; seconds since 1970
    PRIMARY KEY (thread_id, ns)
);

CREATE INDEX thread_changed ON thread (changed);

CREATE TABLE run (
    run INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    thread_id TEXT NOT NULL,
    ns TEXT NOT NULL,
    base TEXT,
    parent_run TEXT,            -- a fork: that run's ops up to upto come first
    upto INTEGER NOT NULL,
    workflow TEXT NOT NULL,
    code_fp BLOB NOT NULL,
    fmt INTEGER NOT NULL,
    input NOT NULL,
    meta NOT NULL,
    ts REAL NOT NULL,
    check_ INTEGER NOT NULL
);

CREATE INDEX run_thread ON run (thread_id, ns);
CREATE INDEX run_input ON run (input) WHERE typeof(input) = 'text';
CREATE INDEX run_meta ON run (meta) WHERE typeof(meta) = 'text';

CREATE TABLE op (
    seq INTEGER PRIMARY KEY,    -- never given twice, see op_mark
    run INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    parent BLOB NOT NULL,
    key BLOB NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    lane TEXT NOT NULL,
    n INTEGER NOT NULL,
    args BLOB NOT NULL,
    attempt INTEGER NOT NULL,
    gen INTEGER NOT NULL,
    value,
    check_ INTEGER NOT NULL,
    ts REAL NOT NULL,
    dur REAL NOT NULL,
    site TEXT NOT NULL
);

-- Each op is in one of these two, so that the usual commit writes one index page, not two. A key is
-- a task's or a question's, so one index keeps both outcomes and answers single. Comparisons, since
-- an IN list is made into a table at each insert.
CREATE UNIQUE INDEX op_single ON op (run, key, gen)
WHERE kind <> 'start' AND kind <> 'ask' AND kind <> 'void';
CREATE INDEX op_other ON op (run) WHERE kind = 'start' OR kind = 'ask' OR kind = 'void';
CREATE INDEX op_value ON op (value) WHERE typeof(value) = 'text';

CREATE TABLE op_mark (
    seq INTEGER NOT NULL        -- no op that was deleted had a higher one
);

INSERT INTO op_mark VALUES (0);

CREATE TABLE ckpt (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    ns TEXT NOT NULL,
    parent TEXT,
    run TEXT,
    source TEXT NOT NULL,
    step INTEGER NOT NULL,
    saved,
    returned,
    meta NOT NULL,
    ts REAL NOT NULL,
    check_ INTEGER NOT NULL
);

CREATE UNIQUE INDEX ckpt_id ON ckpt (thread_id, ns, id);
CREATE INDEX ckpt_thread ON ckpt (thread_id, ns, seq);
CREATE INDEX ckpt_saved ON ckpt (saved) WHERE typeof(saved) = 'text';
CREATE INDEX ckpt_returned ON ckpt (returned) WHERE typeof(returned) = 'text';
CREATE INDEX ckpt_meta ON ckpt (meta) WHERE typeof(meta) = 'text';

CREATE TABLE blob (
    blob INTEGER PRIMARY KEY,
    h TEXT NOT NULL UNIQUE,     -- blake2b-16 of data, in hex
    codec TEXT NOT NULL,        -- how data is packed; 'raw'
    size INTEGER NOT NULL,      -- of the value, before packing
    data BLOB NOT NULL
);

CREATE TABLE blob_part (
    part INTEGER NOT NULL,      -- a blob whose data is a part of another's value
    whole INTEGER NOT NULL,     -- that one: codec 'parts', data the hashes of its parts in order
    PRIMARY KEY (part, whole)
) WITHOUT ROWID;

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

CREATE TABLE cache_entry (
    ns TEXT NOT NULL,           -- a JSON list, in ASCII
    key BLOB NOT NULL,          -- its UTF-8
    expires REAL,               -- seconds since 1970; null keeps the entry for ever
    check_ INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (ns, key)
);

CREATE INDEX cache_entry_expires ON cache_entry (expires) WHERE expires IS NOT NULL;
