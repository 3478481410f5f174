-- Every statement of the Postgres saver. A line "-- name:" begins one.
-- Leases end by the server's clock; what is given and read of one are the seconds that are left.
-- Who stores ops of a thread holds its row, so that their numbers grow in the order of commits.

-- name: get_thread
SELECT
    thread_id, ns, head, run, status, epoch, owner,
    lease_until - extract(EPOCH FROM clock_timestamp())::DOUBLE PRECISION
FROM nbflow_thread WHERE thread_id = %s AND ns = %s;

-- name: list_threads
SELECT
    thread_id, ns, head, run, status, epoch, owner,
    lease_until - extract(EPOCH FROM clock_timestamp())::DOUBLE PRECISION
FROM nbflow_thread ORDER BY changed DESC;

-- name: add_thread
-- Changes nothing when there is such a thread.
INSERT INTO nbflow_thread (thread_id, ns, head, run, status, epoch, owner, changed, lease_until)
VALUES (
    %(thread_id)s, %(ns)s, %(head)s, %(run)s, %(status)s, 1, %(owner)s,
    nextval('nbflow_thread_changed'),
    extract(EPOCH FROM clock_timestamp())::DOUBLE PRECISION + %(lease_until)s::DOUBLE PRECISION
)
ON CONFLICT DO NOTHING;

-- name: keep_thread
-- A nested workflow's namespace, which the thread's owner owns, too.
INSERT INTO nbflow_thread (thread_id, ns, head, run, status, epoch, owner, changed)
VALUES (%s, %s, %s, NULL, 'idle', 1, NULL, nextval('nbflow_thread_changed'))
ON CONFLICT (thread_id, ns) DO UPDATE SET head = excluded.head;

-- name: own_thread
-- Changes nothing when the epoch is another one; a null keeps what is there.
UPDATE nbflow_thread SET
    head = coalesce(%(head)s, head),
    run = coalesce(%(run)s, run),
    status = %(status)s,
    owner = %(owner)s,
    epoch = epoch + 1,
    changed = nextval('nbflow_thread_changed'),
    lease_until
    = extract(EPOCH FROM clock_timestamp())::DOUBLE PRECISION + %(lease_until)s::DOUBLE PRECISION
WHERE thread_id = %(thread_id)s AND ns = %(ns)s AND epoch = %(expected_epoch)s;

-- name: renew_lease
UPDATE nbflow_thread
SET lease_until = extract(EPOCH FROM clock_timestamp())::DOUBLE PRECISION + %s
WHERE thread_id = %s AND ns = %s AND epoch = %s AND owner IS NOT NULL;

-- name: give_up_thread
UPDATE nbflow_thread SET
    head = coalesce(%(head)s, head),
    status = %(status)s,
    owner = NULL,
    changed = nextval('nbflow_thread_changed'),
    lease_until = NULL
WHERE
    thread_id = %(thread_id)s AND ns = %(ns)s AND epoch = %(epoch)s
    AND EXISTS (SELECT 1 FROM nbflow_run WHERE id = %(run)s);

-- name: add_run
INSERT INTO nbflow_run (
    id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: add_op
-- Stores nothing when the run does not own its thread under this epoch.
WITH owner AS (
    SELECT r.run, t.epoch
    FROM nbflow_run AS r
    INNER JOIN nbflow_thread AS t ON r.thread_id = t.thread_id AND r.ns = t.ns
    WHERE r.id = %s AND t.epoch = %s
    FOR NO KEY UPDATE OF t
)
INSERT INTO nbflow_op (
    run, epoch, kind, key, parent, name, args, lane, n, value, attempt, gen, ts, dur, site, check_
)
SELECT
    owner.run, owner.epoch,
    %s, %s::bytea, %s::bytea, %s, %s::bytea, %s, %s, %s::bytea, %s, %s, %s, %s, %s, %s
FROM owner
RETURNING seq;

-- name: holds_lease
SELECT 1
FROM nbflow_run AS r
INNER JOIN nbflow_thread AS t ON r.thread_id = t.thread_id AND r.ns = t.ns
WHERE r.id = %s AND t.epoch = %s
FOR NO KEY UPDATE OF t;

-- name: find_op
-- The op that has all of these columns.
SELECT op.seq
FROM nbflow_op AS op
INNER JOIN nbflow_run AS r ON op.run = r.run
WHERE r.id = %s AND op.key = %s AND op.kind = %s AND op.check_ = %s
ORDER BY op.seq DESC LIMIT 1;

-- name: add_checkpoint
INSERT INTO nbflow_ckpt (
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, check_
)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
RETURNING seq;

-- name: add_blob
INSERT INTO nbflow_blob (h, codec, size, data) VALUES (%s, 'raw', %s, %s) ON CONFLICT DO NOTHING;

-- name: add_whole
INSERT INTO nbflow_blob (h, codec, size, data) VALUES (%s, 'parts', %s, %s) ON CONFLICT DO NOTHING;

-- name: missing_parts
-- In one order for all, so that two who store the same parts do not wait for each other.
SELECT name.value
FROM json_array_elements_text(%s::json) AS name
WHERE NOT EXISTS (SELECT 1 FROM nbflow_blob AS b WHERE b.h = name.value)
ORDER BY name.value;

-- name: join_parts
INSERT INTO nbflow_blob_part (part, whole)
SELECT part.blob, whole.blob
FROM json_array_elements_text(%(parts)s::json) AS name
INNER JOIN nbflow_blob AS part ON name.value = part.h
INNER JOIN nbflow_blob AS whole ON whole.h = %(whole)s
ON CONFLICT DO NOTHING;

-- name: has_blob
SELECT 1 FROM nbflow_blob WHERE h = %s;

-- name: get_parts
SELECT part.h, part.data
FROM json_array_elements_text(%s::json) AS name
INNER JOIN nbflow_blob AS part ON name.value = part.h;

-- name: get_short_blobs
SELECT b.h, b.codec, b.size, b.data
FROM json_array_elements_text(%(names)s::json) AS name
INNER JOIN nbflow_blob AS b ON name.value = b.h
WHERE b.size <= %(size)s;

-- name: get_blob
SELECT codec, size, data FROM nbflow_blob WHERE h = %s;

-- name: get_run
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM nbflow_run WHERE id = %s;

-- name: get_runs
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM nbflow_run WHERE id IN (SELECT value FROM json_array_elements_text(%s::json));

-- name: list_runs
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM nbflow_run WHERE thread_id = %s AND ns = %s ORDER BY run DESC;

-- name: number_of_run
SELECT run FROM nbflow_run WHERE id = %s;

-- name: get_ops
SELECT
    kind, key, parent, name, args, lane, n, value, attempt, gen, ts, dur, site, seq, check_
FROM nbflow_op
WHERE run = %(run)s AND seq > %(after)s
ORDER BY seq;

-- name: get_ops_of
SELECT
    op.kind, op.key, op.parent, op.name, op.args, op.lane, op.n, op.value, op.attempt, op.gen,
    op.ts, op.dur, op.site, op.seq, op.check_, r.id
FROM nbflow_op AS op INNER JOIN nbflow_run AS r ON op.run = r.run
WHERE r.id IN (SELECT value FROM json_array_elements_text(%(runs)s::json))
ORDER BY op.seq;

-- name: get_head
SELECT
    c.id, c.thread_id, c.ns, c.parent, c.run, c.source, c.step, c.saved, c.returned, c.meta,
    c.ts, c.seq, c.check_
FROM nbflow_thread AS t
INNER JOIN nbflow_ckpt AS c ON t.thread_id = c.thread_id AND t.ns = c.ns AND t.head = c.id
WHERE t.thread_id = %s AND t.ns = %s;

-- name: get_checkpoint
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM nbflow_ckpt
WHERE thread_id = %s AND ns = %s AND id = %s;

-- name: list_checkpoints
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM nbflow_ckpt
WHERE thread_id = %s AND ns = %s AND seq < %s
ORDER BY seq DESC LIMIT %s;

-- name: list_checkpoints_of_thread
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM nbflow_ckpt
WHERE thread_id = %s AND seq < %s
ORDER BY seq DESC LIMIT %s;

-- name: list_all_checkpoints
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM nbflow_ckpt
WHERE seq < %s
ORDER BY seq DESC LIMIT %s;

-- name: checkpoint_seq
SELECT seq FROM nbflow_ckpt WHERE thread_id = %s AND ns = %s AND id = %s;

-- name: blobs_of_thread
SELECT op.value FROM nbflow_op AS op INNER JOIN nbflow_run AS r ON op.run = r.run
WHERE r.thread_id = %(thread_id)s AND substr(op.value, 1, 1) = '\x01'
UNION
SELECT input FROM nbflow_run
WHERE thread_id = %(thread_id)s AND substr(input, 1, 1) = '\x01'
UNION
SELECT meta FROM nbflow_run
WHERE thread_id = %(thread_id)s AND substr(meta, 1, 1) = '\x01'
UNION
SELECT saved FROM nbflow_ckpt
WHERE thread_id = %(thread_id)s AND substr(saved, 1, 1) = '\x01'
UNION
SELECT returned FROM nbflow_ckpt
WHERE thread_id = %(thread_id)s AND substr(returned, 1, 1) = '\x01'
UNION
SELECT meta FROM nbflow_ckpt
WHERE thread_id = %(thread_id)s AND substr(meta, 1, 1) = '\x01';

-- name: mark_ops
-- Nothing to note: a sequence gives no number twice.
SELECT 1;

-- name: delete_ops
DELETE FROM nbflow_op
WHERE run IN (SELECT run FROM nbflow_run WHERE thread_id = %(thread_id)s);

-- name: delete_runs
DELETE FROM nbflow_run WHERE thread_id = %(thread_id)s;

-- name: delete_checkpoints
DELETE FROM nbflow_ckpt WHERE thread_id = %(thread_id)s;

-- name: delete_threads
DELETE FROM nbflow_thread WHERE thread_id = %(thread_id)s;

-- name: delete_blob
-- Keeps one that anything else holds.
WITH known AS (
    SELECT blob, '\x01'::bytea || convert_to(h, 'UTF8') AS cell
    FROM nbflow_blob WHERE h = %(h)s
)
DELETE FROM nbflow_blob AS b USING known
WHERE
    b.blob = known.blob
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_op WHERE value = known.cell AND substr(value, 1, 1) = '\x01'
    )
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_run WHERE input = known.cell AND substr(input, 1, 1) = '\x01'
    )
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_run WHERE meta = known.cell AND substr(meta, 1, 1) = '\x01'
    )
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_ckpt WHERE saved = known.cell AND substr(saved, 1, 1) = '\x01'
    )
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_ckpt WHERE returned = known.cell AND substr(returned, 1, 1) = '\x01'
    )
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_ckpt WHERE meta = known.cell AND substr(meta, 1, 1) = '\x01'
    )
    AND NOT EXISTS (SELECT 1 FROM nbflow_blob_part WHERE part = known.blob)
RETURNING b.blob, b.codec, b.data;

-- name: part_from_whole
DELETE FROM nbflow_blob_part
WHERE
    whole = %(whole)s
    AND part IN (
        SELECT part.blob
        FROM json_array_elements_text(%(parts)s::json) AS name
        INNER JOIN nbflow_blob AS part ON name.value = part.h
    );

-- name: threads_of
-- Nobody stores anything in them until the transaction ends.
SELECT
    thread_id, ns, head, run, status, epoch, owner,
    lease_until - extract(EPOCH FROM clock_timestamp())::DOUBLE PRECISION
FROM nbflow_thread WHERE thread_id = %s ORDER BY changed FOR UPDATE;

-- name: runs_of
SELECT id, thread_id, ns, base, parent_run, upto, workflow, code_fp, fmt, input, meta, ts, check_
FROM nbflow_run WHERE thread_id = %s ORDER BY run;

-- name: checkpoints_of
SELECT
    id, thread_id, ns, parent, run, source, step, saved, returned, meta, ts, seq, check_
FROM nbflow_ckpt
WHERE thread_id = %s ORDER BY seq;

-- name: copy_threads
INSERT INTO nbflow_thread (thread_id, ns, head, run, status, epoch, owner, changed)
SELECT
    %(target)s, t.ns, t.head, %(ids)s::json ->> t.run, t.status, t.epoch, NULL,
    nextval('nbflow_thread_changed')
FROM (SELECT * FROM nbflow_thread WHERE thread_id = %(source)s ORDER BY changed) AS t;

-- name: new_ops
-- Numbers for so many ops, growing.
SELECT nextval('nbflow_op_seq') FROM generate_series(1, %s);

-- name: ops_of_thread
-- With the blobs of their values.
SELECT op.seq, r.id, CASE WHEN substr(op.value, 1, 1) = '\x01' THEN op.value END
FROM nbflow_run AS r INNER JOIN nbflow_op AS op ON r.run = op.run
WHERE r.thread_id = %(thread_id)s
ORDER BY op.seq;

-- name: copy_op
INSERT INTO nbflow_op (
    seq, run, epoch, kind, key, parent, name, args, lane, n, value, attempt, gen, ts, dur, site, check_
)
SELECT
    %(seq)s, (SELECT run FROM nbflow_run WHERE id = %(run)s), epoch, kind, key, parent, name, args,
    lane, n, value, attempt, gen, ts, dur, site, %(check_)s
FROM nbflow_op WHERE seq = %(copied)s;

-- name: delete_op
DELETE FROM nbflow_op WHERE seq = %s;

-- name: blobs_of_checkpoint
SELECT saved, returned, meta FROM nbflow_ckpt WHERE seq = %s;

-- name: delete_checkpoint
DELETE FROM nbflow_ckpt WHERE seq = %s;

-- name: delete_run
DELETE FROM nbflow_run WHERE id = %s RETURNING input, meta;

-- name: move_checkpoint
UPDATE nbflow_ckpt SET parent = %s, check_ = %s WHERE seq = %s;

-- name: move_run
UPDATE nbflow_run SET base = %s, check_ = %s WHERE id = %s;

-- name: set_thread
UPDATE nbflow_thread SET head = %s, run = %s, status = %s, epoch = %s, owner = %s
WHERE thread_id = %s AND ns = %s;

-- name: delete_namespace
DELETE FROM nbflow_thread WHERE thread_id = %s AND ns = %s;

-- name: lost_runs
-- Checkpoints of a thread, and the runs that they open and that are not among its runs.
SELECT c.id, c.run
FROM nbflow_ckpt AS c
WHERE
    c.thread_id = %s AND c.ns = %s AND (c.source = 'input' OR c.source = 'fork')
    AND c.run IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_run AS r
        WHERE c.run = r.id AND c.thread_id = r.thread_id AND c.ns = r.ns
    );

-- name: stray_numbers
-- Of runs that are not there, though ops are. Goes from run to run by the index.
WITH RECURSIVE there (run) AS (
    SELECT min(op.run) FROM nbflow_op AS op WHERE op.run > %(after)s
    UNION ALL
    SELECT (SELECT min(op.run) FROM nbflow_op AS op WHERE op.run > there.run)
    FROM there WHERE there.run IS NOT NULL
)
SELECT there.run
FROM there
WHERE
    there.run IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM nbflow_run AS r WHERE there.run = r.run);

-- name: last_run
SELECT coalesce(max(run), 0) FROM nbflow_run;

-- name: run_ids
SELECT id, thread_id FROM nbflow_run AS run;

-- name: lost_places
-- Rows that name another one which is not there: what is missed, the row's thread, its id, and whom
-- it names.
SELECT 'thread of run', r.thread_id, r.id, NULL
FROM nbflow_run AS r
WHERE NOT EXISTS (SELECT 1 FROM nbflow_thread AS t WHERE r.thread_id = t.thread_id AND r.ns = t.ns)
UNION ALL
SELECT 'thread of checkpoint', c.thread_id, c.id, NULL
FROM nbflow_ckpt AS c
WHERE NOT EXISTS (SELECT 1 FROM nbflow_thread AS t WHERE c.thread_id = t.thread_id AND c.ns = t.ns)
UNION ALL
SELECT 'head', t.thread_id, NULL, t.head
FROM nbflow_thread AS t
WHERE
    t.head IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_ckpt AS c
        WHERE t.thread_id = c.thread_id AND t.ns = c.ns AND t.head = c.id
    )
UNION ALL
SELECT 'newest run', t.thread_id, NULL, t.run
FROM nbflow_thread AS t
WHERE
    t.run IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM nbflow_run AS r WHERE t.run = r.id AND t.thread_id = r.thread_id)
UNION ALL
SELECT 'parent of run', r.thread_id, r.id, r.parent_run
FROM nbflow_run AS r
WHERE
    r.upto > 0
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_run AS above
        WHERE r.parent_run = above.id AND r.thread_id = above.thread_id
    )
UNION ALL
SELECT 'parent of checkpoint', c.thread_id, c.id, c.parent
FROM nbflow_ckpt AS c
WHERE
    c.parent IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM nbflow_ckpt AS above
        WHERE
            c.thread_id = above.thread_id AND c.ns = above.ns AND c.parent = above.id
            AND c.seq > above.seq
    )
UNION ALL
SELECT 'end of run', c.thread_id, c.id, c.run
FROM nbflow_ckpt AS c
INNER JOIN nbflow_ckpt AS began
    ON c.thread_id = began.thread_id AND c.ns = began.ns AND c.parent = began.id
WHERE
    c.source = 'loop' AND began.source <> 'loop' AND c.run = began.run
    AND EXISTS (
        SELECT 1 FROM nbflow_ckpt AS other
        WHERE
            c.thread_id = other.thread_id AND c.ns = other.ns
            AND other.seq > began.seq AND other.seq < c.seq
    )
UNION ALL
SELECT 'run of checkpoint', c.thread_id, c.id, c.run
FROM nbflow_ckpt AS c
WHERE
    c.run IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM nbflow_run AS r WHERE c.run = r.id AND c.thread_id = r.thread_id)
UNION ALL
SELECT 'order', thread_id, id, run
FROM (
    SELECT
        c.thread_id, c.id, c.run, r.run AS number,
        lag(r.run) OVER (PARTITION BY c.thread_id, c.ns ORDER BY c.seq) AS before
    FROM nbflow_ckpt AS c INNER JOIN nbflow_run AS r ON c.run = r.id
    WHERE c.source = 'input' OR c.source = 'fork'
) AS opened
WHERE number < before;
