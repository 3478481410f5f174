-- Every statement of the SQLite saver. A line "-- name:" begins one.

-- name: get_thread
SELECT thread_id, ns, head, run, status, epoch, owner, lease_until
FROM thread WHERE thread_id = ? AND ns = ?;

-- name: list_threads
SELECT thread_id, ns, head, run, status, epoch, owner, lease_until FROM thread ORDER BY changed DESC;

-- name: add_thread
-- Changes nothing when there is such a thread.
INSERT INTO thread (thread_id, ns, head, run, status, epoch, owner, changed, lease_until)
VALUES (
    :thread_id, :ns, :head, :run, :status, 1, :owner,
    (SELECT coalesce(max(changed), 0) + 1 FROM thread), :lease_until
)
ON CONFLICT DO NOTHING;

-- name: keep_thread
-- A nested workflow's namespace, which the thread's owner owns, too.
INSERT INTO thread (thread_id, ns, head, run, status, epoch, owner, changed)
VALUES (?, ?, ?, NULL, 'idle', 1, NULL, (SELECT coalesce(max(changed), 0) + 1 FROM thread))
ON CONFLICT (thread_id, ns) DO UPDATE SET head = excluded.head;

-- name: own_thread
-- Changes nothing when the epoch is another one; a null keeps what is there.
UPDATE thread SET
    head = coalesce(:head, head),
    run = coalesce(:run, run),
    status = :status,
    owner = :owner,
    epoch = epoch + 1,
    changed = (SELECT max(changed) + 1 FROM thread),
    lease_until = :lease_until
WHERE thread_id = :thread_id AND ns = :ns AND epoch = :expected_epoch;

-- name: renew_lease
UPDATE thread SET lease_until = ?
WHERE thread_id = ? AND ns = ? AND epoch = ? AND owner IS NOT NULL;

-- name: give_up_thread
UPDATE thread SET
    head = coalesce(:head, head),
    status = :status,
    owner = NULL,
    changed = (SELECT max(changed) + 1 FROM thread),
    lease_until = NULL
WHERE
    thread_id = :thread_id AND ns = :ns AND epoch = :epoch
    AND EXISTS (SELECT 1 FROM run WHERE id = :run);

-- name: add_run
INSERT INTO run (
    id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_op
-- Fails at the null run when the run does not own its thread under this epoch. As VALUES, because
-- INSERT ... SELECT would fill a temporary table first.
INSERT INTO op (
    seq, run, epoch, kind, key, parent, name, args, lane, n, value, attempt, gen, ts, dur, site, check_
)
VALUES (
    1 + max((SELECT coalesce(max(seq), 0) FROM op), (SELECT seq FROM op_mark)),
    (
        SELECT run.run
        FROM run
        INNER JOIN thread ON run.thread_id = thread.thread_id AND run.ns = thread.ns
        WHERE run.id = ?1 AND thread.epoch = ?2
    ),
    ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16
);

-- name: holds_lease
SELECT 1
FROM run
INNER JOIN thread ON run.thread_id = thread.thread_id AND run.ns = thread.ns
WHERE run.id = ? AND thread.epoch = ?;

-- name: add_checkpoint
INSERT INTO ckpt (
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, check_
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: add_blob
INSERT INTO blob (h, codec, size, data) VALUES (?, 'raw', ?, ?) ON CONFLICT DO NOTHING;

-- name: add_whole
INSERT INTO blob (h, codec, size, data) VALUES (?, 'parts', ?, ?) ON CONFLICT DO NOTHING;

-- name: missing_parts
SELECT value FROM json_each(?) WHERE value NOT IN (SELECT h FROM blob);

-- name: join_parts
INSERT INTO blob_part (part, whole)
SELECT part.blob, whole.blob
FROM json_each(:parts) AS name
INNER JOIN blob AS part ON name.value = part.h
INNER JOIN blob AS whole ON :whole = whole.h
WHERE TRUE
ON CONFLICT DO NOTHING;

-- name: has_blob
SELECT 1 FROM blob WHERE h = ?;

-- name: get_parts
SELECT part.h, part.data
FROM json_each(?) AS name
INNER JOIN blob AS part ON name.value = part.h;

-- name: get_short_blobs
SELECT h, codec, size, data
FROM blob
WHERE h IN (SELECT value FROM json_each(:names)) AND size <= :size;

-- name: get_blob
SELECT codec, size, data FROM blob WHERE h = ?;

-- name: get_run
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM run WHERE id = ?;

-- name: get_runs
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM run WHERE id IN (SELECT value FROM json_each(?));

-- name: list_runs
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM run WHERE thread_id = ? AND ns = ? ORDER BY run DESC;

-- name: number_of_run
SELECT run FROM run WHERE id = ?;

-- name: get_ops
-- Each half finds its ops by one index of op.
SELECT
    kind, key, parent, name, args, lane, n, value, attempt, gen, ts, dur, site, seq, check_
FROM op
WHERE seq IN (
    SELECT seq FROM op
    WHERE
        run = :run AND seq > :after
        AND kind <> 'start' AND kind <> 'ask' AND kind <> 'void'
    UNION ALL
    SELECT seq FROM op
    WHERE
        run = :run AND seq > :after
        AND (kind = 'start' OR kind = 'ask' OR kind = 'void')
)
ORDER BY seq;

-- name: get_ops_of
SELECT
    op.kind, op.key, op.parent, op.name, op.args, op.lane, op.n, op.value, op.attempt, op.gen,
    op.ts, op.dur, op.site, op.seq, op.check_, run.id
FROM op INNER JOIN run ON op.run = run.run
WHERE op.seq IN (
    SELECT one.seq
    FROM json_each(:runs) AS name
    CROSS JOIN run AS r ON name.value = r.id
    CROSS JOIN op AS one ON r.run = one.run
    WHERE one.kind <> 'start' AND one.kind <> 'ask' AND one.kind <> 'void'
    UNION ALL
    SELECT one.seq
    FROM json_each(:runs) AS name
    CROSS JOIN run AS r ON name.value = r.id
    CROSS JOIN op AS one ON r.run = one.run
    WHERE one.kind = 'start' OR one.kind = 'ask' OR one.kind = 'void'
)
ORDER BY op.seq;

-- name: get_head
SELECT
    c.id, c.thread_id, c.ns, c.parent, c.run, c.source, c.step, c.saved, c.returned, c.meta,
    c.ts, c.seq, c.check_
FROM thread AS t
INNER JOIN ckpt AS c ON t.thread_id = c.thread_id AND t.ns = c.ns AND t.head = c.id
WHERE t.thread_id = ? AND t.ns = ?;

-- name: get_checkpoint
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM ckpt
WHERE thread_id = ? AND ns = ? AND id = ?;

-- name: list_checkpoints
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM ckpt
WHERE thread_id = ? AND ns = ? AND seq < ?
ORDER BY seq DESC LIMIT ?;

-- name: list_checkpoints_of_thread
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM ckpt
WHERE seq IN (
    SELECT seq FROM ckpt WHERE thread_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?
)
ORDER BY seq DESC;

-- name: list_all_checkpoints
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM ckpt
WHERE seq < ?
ORDER BY seq DESC LIMIT ?;

-- name: checkpoint_seq
SELECT seq FROM ckpt WHERE thread_id = ? AND ns = ? AND id = ?;

-- name: blobs_of_thread
SELECT op.value FROM op INNER JOIN run ON op.run = run.run
WHERE run.thread_id = :thread_id AND typeof(op.value) = 'text'
UNION
SELECT input FROM run WHERE thread_id = :thread_id AND typeof(input) = 'text'
UNION
SELECT meta FROM run WHERE thread_id = :thread_id AND typeof(meta) = 'text'
UNION
SELECT saved FROM ckpt WHERE thread_id = :thread_id AND typeof(saved) = 'text'
UNION
SELECT returned FROM ckpt WHERE thread_id = :thread_id AND typeof(returned) = 'text'
UNION
SELECT meta FROM ckpt WHERE thread_id = :thread_id AND typeof(meta) = 'text';

-- name: mark_ops
UPDATE op_mark SET seq = max(seq, (SELECT coalesce(max(seq), 0) FROM op));

-- name: delete_ops
-- Each half finds its ops by one index of op.
DELETE FROM op
WHERE seq IN (
    SELECT one.seq
    FROM run AS r CROSS JOIN op AS one ON r.run = one.run
    WHERE
        r.thread_id = :thread_id
        AND one.kind <> 'start' AND one.kind <> 'ask' AND one.kind <> 'void'
    UNION ALL
    SELECT one.seq
    FROM run AS r CROSS JOIN op AS one ON r.run = one.run
    WHERE
        r.thread_id = :thread_id
        AND (one.kind = 'start' OR one.kind = 'ask' OR one.kind = 'void')
);

-- name: delete_runs
DELETE FROM run WHERE thread_id = :thread_id;

-- name: delete_checkpoints
DELETE FROM ckpt WHERE thread_id = :thread_id;

-- name: delete_threads
DELETE FROM thread WHERE thread_id = :thread_id;

-- name: delete_blob
-- Keeps one that anything else holds.
DELETE FROM blob
WHERE
    h = :h
    AND NOT EXISTS (SELECT 1 FROM op WHERE value = :h AND typeof(value) = 'text')
    AND NOT EXISTS (SELECT 1 FROM run WHERE input = :h AND typeof(input) = 'text')
    AND NOT EXISTS (SELECT 1 FROM run WHERE meta = :h AND typeof(meta) = 'text')
    AND NOT EXISTS (SELECT 1 FROM ckpt WHERE saved = :h AND typeof(saved) = 'text')
    AND NOT EXISTS (SELECT 1 FROM ckpt WHERE returned = :h AND typeof(returned) = 'text')
    AND NOT EXISTS (SELECT 1 FROM ckpt WHERE meta = :h AND typeof(meta) = 'text')
    AND NOT EXISTS (SELECT 1 FROM blob_part WHERE part = blob.blob)
RETURNING blob, codec, data;

-- name: part_from_whole
DELETE FROM blob_part
WHERE
    whole = :whole
    AND part IN (
        SELECT part.blob
        FROM json_each(:parts) AS name
        INNER JOIN blob AS part ON name.value = part.h
    );

-- name: threads_of
SELECT thread_id, ns, head, run, status, epoch, owner, lease_until
FROM thread WHERE thread_id = ? ORDER BY changed;

-- name: runs_of
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM run WHERE thread_id = ? ORDER BY run;

-- name: checkpoints_of
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM ckpt
WHERE thread_id = ? ORDER BY seq;

-- name: copy_threads
INSERT INTO thread (thread_id, ns, head, run, status, epoch, owner, changed)
SELECT
    :target, ns, head, (SELECT value FROM json_each(:ids) WHERE key = run), status, epoch, NULL,
    (SELECT max(changed) FROM thread) + row_number() OVER (ORDER BY changed)
FROM thread
WHERE thread_id = :source;

-- name: new_ops
-- Numbers for so many ops, growing, that none has and none had.
WITH RECURSIVE new (seq, n) AS (
    SELECT max((SELECT coalesce(max(seq), 0) FROM op), (SELECT seq FROM op_mark)), 0
    UNION ALL
    SELECT seq + 1, n + 1 FROM new WHERE n < ?
)
SELECT seq FROM new WHERE n > 0;

-- name: ops_of_thread
-- With the blobs of their values.
SELECT one.seq, r.id, CASE WHEN typeof(one.value) = 'text' THEN one.value END
FROM run AS r CROSS JOIN op AS one ON r.run = one.run
WHERE
    r.thread_id = :thread_id
    AND one.kind <> 'start' AND one.kind <> 'ask' AND one.kind <> 'void'
UNION ALL
SELECT one.seq, r.id, CASE WHEN typeof(one.value) = 'text' THEN one.value END
FROM run AS r CROSS JOIN op AS one ON r.run = one.run
WHERE
    r.thread_id = :thread_id
    AND (one.kind = 'start' OR one.kind = 'ask' OR one.kind = 'void')
ORDER BY 1;

-- name: copy_op
INSERT INTO op (
    seq, run, epoch, kind, key, parent, name, args, lane, n, value, attempt, gen, ts, dur, site, check_
)
SELECT
    :seq, (SELECT run FROM run WHERE id = :run), epoch, kind, key, parent, name, args, lane, n,
    value, attempt, gen, ts, dur, site, :check_
FROM op WHERE seq = :copied;

-- name: delete_op
DELETE FROM op WHERE seq = ?;

-- name: blobs_of_checkpoint
SELECT saved, returned, meta FROM ckpt WHERE seq = ?;

-- name: delete_checkpoint
DELETE FROM ckpt WHERE seq = ?;

-- name: delete_run
DELETE FROM run WHERE id = ? RETURNING input, meta;

-- name: move_checkpoint
UPDATE ckpt SET parent = ?, check_ = ? WHERE seq = ?;

-- name: move_run
UPDATE run SET base = ?, check_ = ? WHERE id = ?;

-- name: set_thread
UPDATE thread SET head = ?, run = ?, status = ?, epoch = ?, owner = ? WHERE thread_id = ? AND ns = ?;

-- name: delete_namespace
DELETE FROM thread WHERE thread_id = ? AND ns = ?;

-- name: lost_runs
-- Checkpoints of a thread, and the runs that they open and that are not among its runs.
SELECT c.id, c.run
FROM ckpt AS c
WHERE
    c.thread_id = ? AND c.ns = ? AND (c.source = 'input' OR c.source = 'fork')
    AND c.run IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM run AS r
        WHERE c.run = r.id AND c.thread_id = r.thread_id AND c.ns = r.ns
    );

-- name: stray_numbers
-- Of runs that are not there, though ops are. Goes from run to run by each index of op.
WITH RECURSIVE
single (run) AS (
    SELECT min(op.run) FROM op
    WHERE
        op.run > :after
        AND op.kind <> 'start' AND op.kind <> 'ask' AND op.kind <> 'void'
    UNION ALL
    SELECT (
        SELECT min(op.run) FROM op
        WHERE
            op.run > single.run
            AND op.kind <> 'start' AND op.kind <> 'ask' AND op.kind <> 'void'
    )
    FROM single WHERE single.run IS NOT NULL
),
other (run) AS (
    SELECT min(op.run) FROM op
    WHERE
        op.run > :after
        AND (op.kind = 'start' OR op.kind = 'ask' OR op.kind = 'void')
    UNION ALL
    SELECT (
        SELECT min(op.run) FROM op
        WHERE
            op.run > other.run
            AND (op.kind = 'start' OR op.kind = 'ask' OR op.kind = 'void')
    )
    FROM other WHERE other.run IS NOT NULL
)
SELECT there.run
FROM (SELECT run FROM single UNION SELECT run FROM other) AS there
WHERE there.run IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run AS r WHERE there.run = r.run);

-- name: last_run
SELECT coalesce(max(run), 0) FROM run;

-- name: run_ids
SELECT id, thread_id FROM run;

-- name: lost_places
-- Rows that name another one which is not there: what is missed, the row's thread, its id, and whom
-- it names.
SELECT 'thread of run', r.thread_id, r.id, NULL
FROM run AS r
WHERE NOT EXISTS (SELECT 1 FROM thread AS t WHERE r.thread_id = t.thread_id AND r.ns = t.ns)
UNION ALL
SELECT 'thread of checkpoint', c.thread_id, c.id, NULL
FROM ckpt AS c
WHERE NOT EXISTS (SELECT 1 FROM thread AS t WHERE c.thread_id = t.thread_id AND c.ns = t.ns)
UNION ALL
SELECT 'head', t.thread_id, NULL, t.head
FROM thread AS t
WHERE
    t.head IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM ckpt AS c
        WHERE t.thread_id = c.thread_id AND t.ns = c.ns AND t.head = c.id
    )
UNION ALL
SELECT 'newest run', t.thread_id, NULL, t.run
FROM thread AS t
WHERE
    t.run IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM run AS r WHERE t.run = r.id AND t.thread_id = r.thread_id)
UNION ALL
SELECT 'parent of run', r.thread_id, r.id, r.parent_run
FROM run AS r
WHERE
    r.upto > 0
    AND NOT EXISTS (
        SELECT 1 FROM run AS above
        WHERE r.parent_run = above.id AND r.thread_id = above.thread_id
    )
UNION ALL
SELECT 'parent of checkpoint', c.thread_id, c.id, c.parent
FROM ckpt AS c
WHERE
    c.parent IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM ckpt AS above
        WHERE
            c.thread_id = above.thread_id AND c.ns = above.ns AND c.parent = above.id
            AND c.seq > above.seq
    )
UNION ALL
SELECT 'end of run', c.thread_id, c.id, c.run
FROM ckpt AS c
INNER JOIN ckpt AS began
    ON c.thread_id = began.thread_id AND c.ns = began.ns AND c.parent = began.id
WHERE
    c.source = 'loop' AND began.source <> 'loop' AND c.run = began.run
    AND EXISTS (
        SELECT 1 FROM ckpt AS other
        WHERE
            c.thread_id = other.thread_id AND c.ns = other.ns
            AND other.seq > began.seq AND other.seq < c.seq
    )
UNION ALL
SELECT 'run of checkpoint', c.thread_id, c.id, c.run
FROM ckpt AS c
WHERE
    c.run IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM run AS r WHERE c.run = r.id AND c.thread_id = r.thread_id)
UNION ALL
SELECT 'order', thread_id, id, run
FROM (
    SELECT
        c.thread_id, c.id, c.run, r.run AS number,
        lag(r.run) OVER (PARTITION BY c.thread_id, c.ns ORDER BY c.seq) AS before
    FROM ckpt AS c INNER JOIN run AS r ON c.run = r.id
    WHERE c.source = 'input' OR c.source = 'fork'
) AS opened
WHERE number < before;

-- name: op_gaps
-- First and last of the numbers that no op has, though none with a higher one than op_mark's was
-- deleted.
SELECT before + 1, seq - 1
FROM (
    SELECT seq, coalesce(lag(seq) OVER (ORDER BY seq), (SELECT seq FROM op_mark)) AS before
    FROM op
    WHERE seq > (SELECT seq FROM op_mark)
) AS known
WHERE seq > before + 1;
