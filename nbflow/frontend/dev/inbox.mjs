/**
 * The kernel's part in the states of an inbox: golden messages, with the times of today.
 *
 * `&rows=300` repeats the questions, `&empty` has none, `&broken` cannot read them.
 */

const AGES_S = [190_000, 9_300, 1_500, 95, 8];

export function inboxAnswers(golden, query) {
  const now = Date.now() / 1000;
  const [{ listing }] = golden.to_browser.filter(({ type }) => type === "questions");
  const opened = golden.to_browser.filter(({ type }) => type === "opened");
  const count = query.has("empty") ? 0 : Number(query.get("rows") ?? listing.rows.length);
  const rows = Array.from({ length: count }, (_, at) => {
    const row = listing.rows[at % listing.rows.length];
    const own = at < listing.rows.length ? row.interrupt_id : at.toString(16).padStart(32, "0");
    return { ...row, interrupt_id: own, asked_at: now - AGES_S[at % AGES_S.length] };
  });
  const state = { rows, answered: query.has("empty") ? [] : shifted(listing.answered, now) };

  return function answer(message) {
    const { request } = message;
    if (message.type === "questions") {
      if (query.has("broken")) {
        return { type: "failed", request, message: "The file runs.sqlite is not a database." };
      }
      const found = state.rows.filter(
        ({ title, workflow }) =>
          title.toLowerCase().includes(message.text.toLowerCase()) &&
          [null, workflow].includes(message.workflow),
      );
      const total = found.length;
      const waiting = state.rows.length;
      const { workflows } = listing;
      return {
        type: "questions",
        request,
        mark: `${total} ${state.answered.length}`,
        now,
        listing: { rows: found, total, waiting, workflows, answered: state.answered },
      };
    }
    if (message.type === "open") {
      const { title } = state.rows.find((row) => row.interrupt_id === message.interrupt_id) ?? {};
      const known = opened.find(({ form }) => form?.title === title) ?? plain(title);
      const form = known.form && { ...known.form, interrupt_id: message.interrupt_id };
      return { ...known, form, type: "opened", request, interrupt_id: message.interrupt_id };
    }
    if (message.type === "undo") {
      const told = golden.to_browser.filter(({ type }) => type === "undone");
      return { ...told[query.has("refuse") ? 1 : 0], request, interrupt_id: message.interrupt_id };
    }
    return null;
  };
}

function plain(title) {
  const context = [{ label: "Bill", kind: "text", value: "39.1 mm long, 18.7 mm deep" }];
  const schema = { type: "number", title: "Body mass in grams", minimum: 2000 };
  const form = { task: "check", title, context, schema, has_initial: false, actions: [] };
  return { form: title ? form : null, note: "" };
}

function shifted(answered, now) {
  return answered.map((one, at) => ({ ...one, answered_at: now - 60 * (at + 1) }));
}
