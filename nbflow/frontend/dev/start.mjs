/**
 * The kernel's part in the states of a start form: golden messages, and runs that write essays.
 *
 * `&form=text` draws another input, `&unkept` keeps nothing, `&first` has no earlier inputs,
 * `&unread` cannot read them, `&answer=1` gives the second receipt of the golden ones, `&hold`
 * none. `&runs=3` shows as many as were started before; all but the newest are over.
 */

const FORMS = {
  anything: { schema: { title: "Request" }, optional: true },
  nothing: { schema: { title: "Ignored", type: "null" }, optional: true },
  text: { schema: { title: "Topic", type: "string" }, optional: false },
};

const ASKING = 6;

export function startAnswers(golden, essay, query) {
  const said = (type) => golden.to_browser.filter((message) => message.type === type);
  const [form] = said("form");
  const other = FORMS[query.get("form")];
  const asked = {
    ...form,
    ...(other && { optional: other.optional }),
    kept: !query.has("unkept"),
    form: { ...form.form, ...(other && { schema: other.schema }) },
  };
  const events = essay.to_browser.flatMap((message) => message.events ?? []);
  const now = Date.now() / 1000;
  const shifted = events.map((event) => ({ ...event, ts: event.ts - events[0].ts + now - 131 }));
  const eventsOf = (run, newest) => (run === newest ? shifted.slice(0, ASKING) : shifted);
  const begun = (at) => ({
    run: `run-${at}`,
    snapshot: {
      ...essay.snapshot,
      workflow: golden.snapshot.workflow,
      thread_id: query.has("unkept") ? null : `torgersen-${at}`,
      status: "interrupted",
    },
  });
  const before = Number(query.get("runs") ?? 0);
  const runs = Array.from({ length: before }, (_, at) => begun(before - at));

  return {
    snapshot: { ...golden.snapshot, runs },
    answer(message, model) {
      const { request } = message;
      const snapshot = model.get("snapshot");
      if (message.type === "form") return { ...asked, request };
      if (message.type === "earlier") {
        if (query.has("unread")) {
          return { type: "failed", request, message: "The file runs.sqlite is not a database." };
        }
        return { ...said("earlier")[0], request, ...(query.has("first") && { inputs: [] }) };
      }
      if (message.type === "submit") {
        if (query.has("hold")) return null;
        const receipt = said("receipt")[Number(query.get("answer") ?? 2)];
        if (receipt.status === "accepted") {
          model.show({ ...snapshot, runs: [begun(snapshot.runs.length + 1), ...snapshot.runs] });
        }
        const { submission, interrupt_id } = message;
        return { ...receipt, submission, interrupt_id };
      }
      if (message.type === "run" && message.message.type === "sync") {
        const told = eventsOf(message.run, snapshot.runs[0]?.run);
        const since = message.message.log === message.run ? message.message.since : 0;
        const batch = { log: message.run, since, head: told.length, events: told.slice(since) };
        return { type: "run", run: message.run, message: { type: "events", ...batch } };
      }
      return null;
    },
  };
}
