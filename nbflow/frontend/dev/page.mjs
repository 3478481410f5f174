/**
 * Mounts the built widget on a model that plays golden messages.
 *
 * `?message=essay&upto=6&theme=dark` shows tests/messages/essay.json up to its sixth event.
 * `&asks=1&actions=3` keeps the first question alone and gives it so many actions.
 * `&form=lists` asks a schema of dev/forms.mjs in place of the first question, `&convention=mcp`
 * the form of tests/conventions/mcp.json, `&sample=jsonforms/huge` a sample of tests/samples.
 * `?message=panel&panel=panelDead` draws the side panel in a state of dev/panelStates.mjs.
 * `&large=100000` plays a made-up run of so many events. `&silent` never answers; `&view=waterfall` draws the tasks so. `window.nbflowDev` lets a script feed more messages.
 */

import { FORMS } from "./forms.mjs";
import { inboxAnswers } from "./inbox.mjs";
import { largeRun } from "./large.mjs";
import { panelView } from "./panelStates.mjs";
import { pastAnswers } from "./past.mjs";
import { startAnswers } from "./start.mjs";

const query = new URLSearchParams(location.search);
// Pages of one browser context share this: each begins as its address says.
localStorage.setItem("nbflow:timeline", query.get("view") ?? "list");
document.documentElement.dataset.theme = query.get("theme") ?? "light";
document.documentElement.lang = query.get("lang") ?? "en";

const name = query.get("message") ?? "essay";
const golden = await (await fetch(`/messages/${name}.json`)).json();
const past = pastAnswers(await (await fetch("/messages/past.json")).json(), query);
const upto = Number(query.get("upto") ?? Number.POSITIVE_INFINITY);

const convention = query.get("convention");
const recorded = convention && (await (await fetch(`/conventions/${convention}.json`)).json()).form;

const [gallery, wanted] = query.get("sample")?.split("/") ?? [];
const samples = gallery ? await (await fetch(`/samples/${gallery}/samples.json`)).json() : [];
const sample = samples.find(({ name }) => name === wanted);

/** Times of the messages are moved so that the run began a moment ago. */
const shift = Date.now() / 1000 - Number(query.get("age") ?? 131) - 1767261600;
const asks = Number(query.get("asks") ?? Number.POSITIVE_INFINITY);
let asked = 0;
const large = query.has("large") ? largeRun(Number(query.get("large"))) : null;
const events =
  large ??
  golden.to_browser
    .filter((message) => message.type === "events")
    .flatMap((message) => message.events)
    .slice(0, upto)
    .filter((event) => event.type !== "asked" || ++asked <= asks)
    .map((event, seq) => ({ ...event, seq, ts: event.ts + shift }))
    .map((event) => (event.type === "asked" ? { ...event, form: formOf(event.form) } : event));

function formOf(form) {
  if (sample) {
    const { schema, data } = sample;
    const asked = { title: wanted, context: [], schema, initial: data, actions: [] };
    return { ...form, ...asked, has_initial: data !== undefined };
  }
  if (recorded) return { ...recorded, interrupt_id: form.interrupt_id };
  const other = FORMS[query.get("form")];
  if (other) {
    return { ...form, context: [], ...other, has_initial: "initial" in other, actions: [] };
  }
  const count = Number(query.get("actions") ?? form.actions.length);
  const actions = Array.from({ length: count }, (_, at) => form.actions[at % form.actions.length]);
  const title = count === 1 ? `May ${actions[0].name} run?` : form.title.replace(/\d+/, count);
  return query.has("actions") ? { ...form, title, actions } : form;
}
const log = golden.to_browser.find((message) => message.type === "events")?.log ?? "log";

const answerInbox = name === "inbox" ? inboxAnswers(golden, query) : null;
const essay = name === "start" ? await (await fetch("/messages/essay.json")).json() : null;
const start = essay ? startAnswers(golden, essay, query) : null;

class Model {
  sent = [];
  #listeners = new Map();
  #state = {
    shows: ["inbox", "start"].includes(name) ? name : "run",
    snapshot: { ...(start ?? golden).snapshot, ...JSON.parse(query.get("snapshot") ?? "{}") },
  };

  get(key) {
    return this.#state[key];
  }

  on(event, callback) {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(callback));
  }

  off(event, callback) {
    this.#listeners.get(event)?.delete(callback);
  }

  hear(message, buffers = []) {
    for (const callback of this.#listeners.get("msg:custom") ?? []) callback(message, buffers);
  }

  show(snapshot) {
    this.#state.snapshot = snapshot;
    for (const callback of this.#listeners.get("change:snapshot") ?? []) callback();
  }

  send(message) {
    this.sent.push(message);
    if (query.has("silent")) return;
    queueMicrotask(() => this.#answer(message));
  }

  /** As the kernel does: 200 events a message, each a task of its own for the page. */
  #inPieces(since) {
    const head = events.length;
    this.hear({ type: "events", log, since, head, events: events.slice(since, since + 200) });
    if (since + 200 < head) setTimeout(() => this.#inPieces(since + 200));
  }

  #answer(message) {
    const reply = answerInbox?.(message) ?? start?.answer(message, this) ?? past(message);
    if (reply) this.hear(reply);
    if (message.type === "sync") {
      const since = message.log === log ? message.since : 0;
      const head = events.length;
      if (large) this.#inPieces(since);
      else this.hear({ type: "events", log, since, head, events: events.slice(since) });
    }
  }
}

const model = new Model();
const el = document.querySelector("#cell");

async function render() {
  if (name === "panel") {
    const { draw } = await import(`/dev/panel.mjs?lang=${query.get("lang") ?? ""}`);
    return draw(el, panelView(golden, query.get("panel")));
  }
  const language = query.has("lang") ? `.${query.get("lang")}` : "";
  const { default: widget } = await import(`/static/bundle${language}.mjs`);
  return widget.render({ model, el });
}

const count = new Set(events.map((event) => event.id).filter(Boolean)).size;
window.nbflowDev = {
  model,
  events,
  unmount: await render(),
  /** Whether every task of the run is in the list. */
  drawn: () => el.textContent.includes(`${count.toLocaleString("en")} tasks`),
};
// As a language would that runs from right to left.
if (query.has("dir")) el.querySelector(".nbflow").dir = query.get("dir");
