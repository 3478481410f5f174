-- Threads, runs, ops, checkpoints and blobs.

CREATE TABLE nbflow_version (
    version INTEGER NOT NULL    -- how many migrations have been applied
);

CREATE SEQUENCE nbflow_thread_changed;

CREATE TABLE nbflow_thread (
    thread_id TEXT COLLATE "C" NOT NULL,
    ns TEXT COLLATE "C" NOT NULL,
    head TEXT COLLATE "C",      -- id of the newest checkpoint
    run TEXT COLLATE "C",       -- id of the newest run
    status TEXT NOT NULL,
    epoch BIGINT NOT NULL,      -- grows with every owner; a commit under an older one is refused
    owner TEXT,
    changed BIGINT NOT NULL,    -- the higher, the later changed
    lease_until DOUBLE PRECISION, -- until when it is the owner's; seconds since 1970
    PRIMARY KEY (thread_id, ns)
);

CREATE INDEX nbflow_thread_order ON nbflow_thread (changed);

CREATE TABLE nbflow_run (
    run BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    thread_id TEXT COLLATE "C" NOT NULL,
    ns TEXT COLLATE "C" NOT NULL,
    base TEXT COLLATE "C",
    parent_run TEXT COLLATE "C", -- a fork: that run's ops up to upto come first
    upto BIGINT NOT NULL,
    workflow TEXT NOT NULL,
    code_fp BYTEA NOT NULL,
    fmt BIGINT NOT NULL,
    input BYTEA NOT NULL,
    meta BYTEA NOT NULL,
    ts DOUBLE PRECISION NOT NULL,
    check_ BIGINT NOT NULL
);

CREATE INDEX nbflow_run_thread ON nbflow_run (thread_id, ns);
CREATE INDEX nbflow_run_input ON nbflow_run (input) WHERE substr(input, 1, 1) = '\x01';
CREATE INDEX nbflow_run_meta ON nbflow_run (meta) WHERE substr(meta, 1, 1) = '\x01';

CREATE SEQUENCE nbflow_op_seq;

CREATE TABLE nbflow_op (
    seq BIGINT PRIMARY KEY DEFAULT nextval('nbflow_op_seq'), -- of one thread in the order of commits
    run BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    parent BYTEA NOT NULL,
    key BYTEA NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    lane TEXT NOT NULL,
    n BIGINT NOT NULL,
    args BYTEA NOT NULL,
    attempt BIGINT NOT NULL,
    gen BIGINT NOT NULL,
    value BYTEA,
    check_ BIGINT NOT NULL,
    ts DOUBLE PRECISION NOT NULL,
    dur DOUBLE PRECISION NOT NULL,
    site TEXT NOT NULL
);

-- A key is a task's or a question's, so one index keeps both outcomes and answers single.
CREATE UNIQUE INDEX nbflow_op_single ON nbflow_op (run, key, gen)
WHERE kind <> 'start' AND kind <> 'ask' AND kind <> 'void';
CREATE INDEX nbflow_op_run ON nbflow_op (run, seq);
CREATE INDEX nbflow_op_value ON nbflow_op (value) WHERE substr(value, 1, 1) = '\x01';

CREATE TABLE nbflow_ckpt (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- of one thread in the order of commits
    id TEXT COLLATE "C" NOT NULL,
    thread_id TEXT COLLATE "C" NOT NULL,
    ns TEXT COLLATE "C" NOT NULL,
    parent TEXT COLLATE "C",
    run TEXT COLLATE "C",
    source TEXT NOT NULL,
    step BIGINT NOT NULL,
    saved BYTEA,
    returned BYTEA,
    meta BYTEA NOT NULL,
    ts DOUBLE PRECISION NOT NULL,
    check_ BIGINT NOT NULL
);

CREATE UNIQUE INDEX nbflow_ckpt_id ON nbflow_ckpt (thread_id, ns, id);
CREATE INDEX nbflow_ckpt_thread ON nbflow_ckpt (thread_id, ns, seq);
CREATE INDEX nbflow_ckpt_saved ON nbflow_ckpt (saved) WHERE substr(saved, 1, 1) = '\x01';
CREATE INDEX nbflow_ckpt_returned ON nbflow_ckpt (returned) WHERE substr(returned, 1, 1) = '\x01';
CREATE INDEX nbflow_ckpt_meta ON nbflow_ckpt (meta) WHERE substr(meta, 1, 1) = '\x01';

CREATE TABLE nbflow_blob (
    blob BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    h TEXT COLLATE "C" NOT NULL UNIQUE, -- blake2b-16 of data, in hex
    codec TEXT NOT NULL,        -- how data is packed; 'raw' or 'parts'
    size BIGINT NOT NULL,       -- of the value, before packing
    data BYTEA NOT NULL
);

CREATE TABLE nbflow_blob_part (
    part BIGINT NOT NULL,       -- a blob whose data is a part of another's value
    whole BIGINT NOT NULL,      -- that one: codec 'parts', data the hashes of its parts in order
    PRIMARY KEY (part, whole)
);
