/** A run of any length for the harness: nested tasks, some of which fail, print or are retried. */

const START = 1767261600;
const preview = (text) => ({ text, kind: "text", cut: 0 });
const id = (n) => n.toString(16).padStart(32, "0");
const error = (n) => ({
  type: "ValueError",
  message: `reading ${n} is out of range`,
  traceback: `Traceback (most recent call last):\n  Cell In[2], line 7, in measure(n)\nValueError: ${n}\n`,
  notes: [],
});

/** So many events: groups of 20 tasks, each group called by its first. */
export function largeRun(count) {
  const about = { workflow: "survey", thread_id: "large", run_id: "01k0large", resumed: false };
  const events = [{ type: "run_started", ts: START, ...about, input: preview("2026") }];
  for (let n = 0; events.length < count - 1; n += 1) taskEvents(n, events);
  events.length = count - 1;
  const ended = { status: "done", value: preview("done"), error: null, open: [] };
  events.push({ type: "run_ended", ts: START + count / 1000, ...ended, duration_s: count / 1000 });
  return events.map((event, seq) => ({ ...event, seq }));
}

function taskEvents(n, events) {
  const ts = START + events.length / 1000;
  const task = {
    id: id(n),
    name: n % 20 === 0 ? "batch" : "measure",
    parent: n % 20 === 0 ? null : id(n - (n % 20)),
  };
  events.push({ type: "task_started", ts, ...task, input: preview(`reading ${n}`), attempt: 1 });
  if (n % 5 === 0) {
    const data = preview(`reading ${n} taken\n`);
    events.push({ type: "custom", ts, task: task.id, data, printed: "stdout" });
  }
  const end = { ts: ts + 0.004, ...task, duration_s: 0.004, replayed: false };
  if (n % 97 === 96) events.push({ type: "task_failed", ...end, error: error(n) });
  else events.push({ type: "task_finished", ...end, result: preview(`${n * 7}`) });
}
