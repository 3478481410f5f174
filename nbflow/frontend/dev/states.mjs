/** The states of the card that are photographed and looked at: what to play, and what to do then. */

import { readFile } from "node:fs/promises";
import { INBOX } from "./inboxStates.mjs";
import { PANEL } from "./panelStates.mjs";
import { PAST } from "./pastStates.mjs";
import { START } from "./startStates.mjs";
import { TIMELINE } from "./timelineStates.mjs";

const running = '{"status":"running"}';
const receipts = async (page, index, name = "receipts") => {
  const file = new URL(`../../../tests/messages/${name}.json`, import.meta.url);
  const messages = JSON.parse(await readFile(file, "utf8")).to_browser;
  const receipt = messages.filter((message) => message.type === "receipt")[index];
  await page.evaluate((message) => {
    const { model } = window.nbflowDev;
    const { submission } = model.sent.findLast((sent) => sent.type === "submit");
    model.hear({ ...message, submission });
  }, receipt);
};
const fill = async (page, mass) => {
  await page.getByLabel("correct").check();
  await page.getByLabel("Body mass").fill(mass);
  await page.getByLabel("Reviewer").fill("Kim");
};
const submit = (page) => page.getByRole("button", { name: "Submit" }).first().click();

const radio = (page, name, nth = 0) => page.getByRole("radio", { name }).nth(nth);
const answerMail = async (page, text) => {
  await radio(page, "Edit").check();
  await page.getByLabel("Subject").last().fill("Friday, 10:00");
  await page.getByLabel("Body").last().fill(text);
};
const LONGER = "Dear Kim,\n\nshall we meet on Friday at ten?\nI shall bring the figures.";
const onFirst = { message: "decisions", upto: 4, asks: 1 };
const single = { ...onFirst, actions: 1 };

const DECISIONS = {
  undecided: single,
  approved: {
    ...single,
    do: async (page) => {
      await page.keyboard.press("a");
    },
  },
  edited: { ...single, do: (page) => answerMail(page, LONGER) },
  unchanged: {
    ...single,
    do: async (page) => {
      await page.keyboard.press("e");
    },
  },
  responding: {
    ...single,
    do: async (page) => {
      await page.keyboard.press("s");
      await page.keyboard.press("Control+Enter");
      await page.getByText("One thing").waitFor();
    },
  },
  missing: {
    ...single,
    do: async (page) => {
      await page.keyboard.press("Control+Enter");
      await page.getByText("Choose a decision.").waitFor();
    },
  },
  keys: {
    ...onFirst,
    do: async (page) => {
      await page.keyboard.press("?");
      await page.getByRole("group", { name: "Keys" }).waitFor();
    },
  },
  several: {
    ...onFirst,
    actions: 3,
    do: async (page) => {
      await page.keyboard.press("a");
      await page.keyboard.press("j");
      await page.keyboard.press("r");
    },
  },
  open: {
    ...onFirst,
    do: async (page) => {
      await page.keyboard.press("a");
      await page.keyboard.press("Control+Enter");
      await page.getByText("Nothing was sent").waitFor();
    },
  },
  all: {
    ...onFirst,
    actions: 4,
    do: async (page) => {
      await page.keyboard.press("r");
      await page.getByRole("button", { name: "Approve all open" }).click();
    },
  },
  denied: {
    ...onFirst,
    do: async (page) => {
      await answerMail(page, "Dear Kim,");
      await radio(page, "Reject", 1).check();
      await page.keyboard.press("Control+Enter");
      await receipts(page, 0, "decisions");
      await page.getByText("2 things").waitFor();
    },
  },
  elicited: { message: "decisions" },
  decided: {
    message: "decisions",
    asks: 1,
    do: async (page) => {
      await page.locator(".nbf-answered summary").click();
    },
  },
};

const asked = (form, act) => ({ message: "table", asks: 1, form, ...(act ? { do: act } : {}) });

const FIELDS = {
  formats: asked("formats"),
  "formats-wrong": asked("formats", async (page) => {
    await page.getByLabel("Time between readings").fill("ten minutes");
    await page.getByLabel("Serial number").fill("17");
    await page.getByLabel("Report to").fill("kim");
    await submit(page);
    await page.getByText("3 things").waitFor();
  }),
  lists: asked("lists", async (page) => {
    await page.getByLabel("Item 2").first().focus();
    await page.keyboard.press("Alt+ArrowUp");
  }),
  payment: asked("payment"),
  "payment-company": asked("payment", async (page) => {
    await page.getByLabel("A company").check();
    await page.getByLabel("Transfer").check();
  }),
  values: asked("values", async (page) => {
    await page.getByLabel("Box").fill("13");
  }),
  raw: asked("values", async (page) => {
    await page.getByRole("button", { name: "whole answer as JSON" }).click();
  }),
  huge: { ...asked("none"), query: { sample: "jsonforms/huge" } },
  "raw-broken": asked("values", async (page) => {
    await page.getByRole("button", { name: "whole answer as JSON" }).click();
    await page.getByLabel("The whole answer as JSON").fill('{"id": 317, "mass": }');
    await page.getByRole("button", { name: "Back to the form" }).click();
  }),
};

export const STATES = {
  ...DECISIONS,
  ...FIELDS,
  ...TIMELINE,
  ...INBOX,
  ...PANEL,
  ...PAST,
  ...START,
  running: { message: "running", snapshot: running },
  starting: { message: "running", upto: 1, snapshot: running },
  question: { message: "table" },
  terms: {
    message: "terms",
    do: async (page) => {
      for (const summary of await page.locator(".nbf-answered summary").all())
        await summary.click();
    },
  },
  wrong: {
    message: "table",
    do: async (page) => {
      await fill(page, "99");
      await submit(page);
      await page.getByText("2 things").or(page.getByText("One thing")).waitFor();
    },
  },
  invalid: {
    message: "table",
    do: async (page) => {
      await fill(page, "3300");
      await submit(page);
      await receipts(page, 0);
      await page.getByText("2 things").waitFor();
    },
  },
  refused: {
    message: "table",
    do: async (page) => {
      await fill(page, "3300");
      await submit(page);
      await receipts(page, 1);
      await page.getByText("answered elsewhere").waitFor();
    },
  },
  sending: {
    message: "table",
    do: async (page) => {
      await fill(page, "3300");
      await submit(page);
    },
  },
  questions: {
    message: "questions",
    do: async (page) => {
      await page.getByLabel("Edit", { exact: true }).check();
      await page.getByRole("button", { name: "Add to Copies" }).click();
    },
  },
  essay: { message: "essay", upto: 6, snapshot: '{"status":"interrupted"}' },
  done: { message: "essay" },
  ready: {
    message: "essay",
    upto: 7,
    snapshot: '{"status":"ready"}',
    do: async (page) => {
      await page.evaluate(() => {
        const ended = { value: null, error: null, duration_s: 1.21, open: [] };
        const event = { type: "run_ended", seq: 7, ts: 1767261632, status: "ready", ...ended };
        window.nbflowDev.model.hear({
          type: "events",
          log: "log-essay",
          since: 7,
          head: 8,
          events: [event],
        });
      });
      await page.getByText("Resume in the History tab").waitFor();
    },
  },
  failed: {
    message: "failure",
    do: async (page) => {
      await page.getByRole("button", { name: /^Task fetch/ }).click();
    },
  },
  lost: {
    message: "table",
    do: async (page) => {
      await page.clock.fastForward(500);
      await page.evaluate(() => {
        window.nbflowDev.model.send = () => {};
      });
      await page.clock.fastForward(12000);
      await page.getByText("The kernel has not answered").waitFor();
    },
  },
  dead: {
    message: "essay",
    silent: true,
    do: async (page) => {
      await page.clock.fastForward(7000);
      await page.getByText("The kernel has not answered").waitFor();
    },
  },
};
