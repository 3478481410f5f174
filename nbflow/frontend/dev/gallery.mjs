/**
 * Photographs the gallery into `notebooks/pictures/`, and writes its page: `make gallery`.
 *
 * `node dev/gallery.mjs` does both, `node dev/gallery.mjs --page` prints the page alone, and with
 * names, `node dev/gallery.mjs panel`, only those are photographed again. The clock
 * of the page stands still, so that the same code gives the same pictures on the same Chromium.
 */

import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pose, withCamera } from "./camera.mjs";
import { STATES } from "./states.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const notebooks = join(root, "notebooks");
const pictures = join(notebooks, "pictures");
const THEMES = ["light", "dark"];
const TIME = new Date("2026-01-01T10:02:11Z");

/** Letters without coloured edges are smaller, and as clear on every screen. */
const FLAGS = ["--disable-lcd-text", "--force-color-profile=srgb"];

const python = (...words) => promisify(execFile)("python", words, { cwd: root });

const asked = (query) => ({ message: "table", asks: 1, ...query });
/** Of a state of dev/states.mjs: the question alone, or all of the card. */
const question = (state) => ({ ...STATES[state], part: ".nbf-question" });
const card = (state) => ({ ...STATES[state], part: ".nbf-card" });
const convention = (name) => ({ ...asked({ convention: name }), part: ".nbf-question" });

/** Chapters of the page; a picture is its name, what it shows, and how to get there. */
const CHAPTERS = [
  [
    "A question in a cell",
    [
      ["question", "Tables, Markdown and data beside the form.", card("question")],
      ["essay", "A text to read, and yes or no.", card("essay")],
      ["terms", "For whom a question is, until when, and who answered.", card("terms")],
      ["answered", "What was decided stays as a line that opens.", card("decided")],
    ],
  ],
  [
    "Fields",
    [
      [
        "fields-basic",
        "Text, numbers, yes and no, one of a few, one of many, several, and anything at all.",
        { ...asked({ form: "basics" }), part: ".nbf-question" },
      ],
      [
        "fields-formats",
        "Moments with their offset, days, durations, patterns in words, secrets and files.",
        question("formats"),
      ],
      [
        "fields-lists",
        "Lists whose items move, tuples, several of a closed list, and keys of one's own.",
        question("lists"),
      ],
      [
        "fields-choices",
        "Choices that are undecided until one is chosen, and fields that a condition asks for.",
        question("payment-company"),
      ],
      [
        "fields-json",
        "Read-only values, defaults, and what no field can show: JSON, and the reason for it.",
        question("values"),
      ],
      ["whole-json", "The whole answer as JSON, there and back without loss.", question("raw")],
    ],
  ],
  [
    "Errors",
    [
      ["errors", "Each error at its field, under a summary that leads there.", question("wrong")],
      ["errors-kernel", "What only the kernel knows lands at its field, too.", question("invalid")],
      ["errors-json", "JSON that is not finished is kept, and not sent.", question("raw-broken")],
    ],
  ],
  [
    "Decisions",
    [
      ["decision", "One action; nothing is chosen by itself.", question("undecided")],
      ["decision-edit", "What an edit changes, before it is sent.", question("edited")],
      ["decision-several", "Several actions, and what they come to.", question("several")],
      ["decision-errors", "Errors inside the action that they are about.", question("denied")],
      ["decision-keys", "The keys, listed at a question mark.", question("keys")],
    ],
  ],
  [
    "Conventions",
    [
      ["convention-langgraph", "LangGraph: an interrupt with a schema.", convention("langgraph")],
      ["convention-options", "A question with options.", convention("options")],
      ["convention-hitl", "LangChain: a `HITLRequest` of two calls.", convention("hitl")],
      [
        "convention-tool-approval",
        "LangChain: the approval of one call.",
        convention("tool_approval"),
      ],
      ["convention-agent-inbox", "agent-inbox: a request.", convention("agent_inbox")],
      [
        "convention-agent-inbox-alone",
        "agent-inbox: a request that may not be edited.",
        convention("agent_inbox_alone"),
      ],
      ["convention-ag-ui", "AG-UI: two interrupts of one run.", convention("ag_ui")],
      ["convention-mcp", "Model Context Protocol: an elicitation.", convention("mcp")],
    ],
  ],
  [
    "Starting",
    [
      ["start", "A workflow shown in a cell: a form for its input.", card("start")],
      ["start-recall", "What it was given before.", card("startRecall")],
      ["start-run", "The run that it began, below.", { ...STATES.started, part: ".nbflow" }],
    ],
  ],
  [
    "Inbox",
    [
      ["inbox", "Every open question of a database.", card("inbox")],
      ["inbox-open", "The form of one beside the list.", card("inboxOpen")],
      ["inbox-bulk", "Several answers at once, said before they are given.", card("inboxBulk")],
      ["inbox-undo", "The way back from the last answer.", card("inboxAnswered")],
    ],
  ],
  [
    "Side panel",
    [
      [
        "panel",
        "What waits and what runs, in the notebook's kernel and in the databases that were named.",
        { ...STATES.panel, part: ".nbflow", width: 320 },
      ],
    ],
  ],
  [
    "A run",
    [
      [
        "run",
        "Tasks inside the one that called them: replayed, cached, tried again, under way.",
        card("timeline"),
      ],
      [
        "run-waterfall",
        "The same as a waterfall; two hours of waiting for a person are drawn short.",
        card("timelineWaterfall"),
      ],
      [
        "run-row",
        "A task opens to its input, its attempts, what it printed, and its result.",
        card("timelineRow"),
      ],
      ["run-search", "Tasks are found by status, text and `/regex/`.", card("timelineFound")],
      ["run-failed-only", "Only what failed, inside what called it.", card("timelineFailed")],
      [
        "run-failed",
        "A failure with its attempts, its traceback and the cells' numbers.",
        card("failed"),
      ],
      ["run-narrow", "The same card, 360 pixels wide.", { ...card("timeline"), width: 360 }],
      [
        "run-lost",
        "A kernel that does not answer: nothing that was entered is lost.",
        card("lost"),
      ],
    ],
  ],
  [
    "History",
    [
      ["history", "The past of a thread as a tree, and what can be done there.", card("history")],
      [
        "history-compare",
        "Two branches beside each other: what differs, and the first task in which they part.",
        card("history-compare"),
      ],
      [
        "history-edit",
        "The state in its form, to run the same input on another one.",
        card("history-edit"),
      ],
      [
        "history-code",
        "The Python that does the same; it is shown where a page may not copy.",
        card("history-code"),
      ],
    ],
  ],
  [
    "The record",
    [
      [
        "record",
        "What a saved notebook shows without a kernel and without a script.",
        { record: "review", part: ".nbflow-static" },
      ],
    ],
  ],
];

const file = (name, theme) => `${name}-${theme}.webp`;

function page() {
  const lines = [
    "# Gallery",
    "",
    "Every view, in the colours of your page; each picture is there in light and in dark. Made by",
    "`make gallery` from the recorded messages and rounds that the tests read.",
  ];
  for (const [title, shots] of CHAPTERS) {
    lines.push("", `## ${title}`);
    for (const [name, words] of shots) {
      const alt = words.replaceAll("`", "");
      lines.push(
        "",
        words,
        "",
        "<picture>",
        `  <source media="(prefers-color-scheme: dark)" srcset="pictures/${file(name, "dark")}">`,
        `  <img alt="${alt}" src="pictures/${file(name, "light")}">`,
        "</picture>",
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The record of tests/records as a page shows it that knows no script, in GitHub's colours. */
async function recordOf(context, name, theme) {
  const path = join(root, "tests", "records", `${name}.json`);
  const print = `from nbflow.export import load; print(load(${JSON.stringify(path)})._repr_html_())`;
  const { stdout } = await python("-c", print);
  const [ink, ground] = theme === "dark" ? ["#f0f6fc", "#0d1117"] : ["#1f2328", "#ffffff"];
  const page = await context.newPage();
  await page.setViewportSize({ width: 800, height: 700 });
  const style = `font: 14px/1.5 system-ui, sans-serif; color: ${ink}; background: ${ground}`;
  await page.setContent(`<body style="${style}">${stdout}`);
  return page;
}

async function photograph(context, base, [name, , spec], theme) {
  const problems = [];
  const { width = 800, record } = spec;
  const page = record
    ? await recordOf(context, record, theme)
    : await pose(context, base, spec, { theme, width, time: TIME }, problems);
  if (problems.length > 0) throw new Error(`${name} in ${theme}: ${problems.join("; ")}`);
  await page.mouse.move(0, 0);
  const path = join(pictures, `${name}-${theme}.png`);
  await page.locator(spec.part).first().screenshot({ path, animations: "disabled", caret: "hide" });
  await page.close();
}

async function main() {
  const names = process.argv.slice(2);
  const all = CHAPTERS.flatMap(([, chapter]) => chapter);
  const shots = names.length > 0 ? all.filter(([name]) => names.includes(name)) : all;
  const kept = names.length > 0 ? all : [];
  const known = new Set(kept.flatMap(([name]) => THEMES.map((theme) => file(name, theme))));
  await mkdir(pictures, { recursive: true });
  for (const old of await readdir(pictures)) {
    if (!known.has(old)) await rm(join(pictures, old));
  }
  await withCamera(async (fresh, base) => {
    const context = await fresh();
    for (const shot of shots) {
      for (const theme of THEMES) await photograph(context, base, shot, theme);
    }
  }, FLAGS);
  await python("-m", "tests.pictures", pictures);
  await writeFile(join(notebooks, "gallery.md"), page());
  console.log(`${shots.length * THEMES.length} pictures`);
}

if (process.argv.includes("--page")) process.stdout.write(page());
else await main();
