/** The states of the timeline: list and waterfall, what is found, folded, open and printed. */

/** The run waited for 2 h 10 min, and the page looks at it 14 s after its last answer. */
const whole = { message: "timeline", query: { age: "7820" } };
const WAITING = 31;

const row = (page, name, nth = 0) => page.locator(".nbf-task-head", { hasText: name }).nth(nth);
const waterfall = { ...whole, query: { ...whole.query, view: "waterfall" } };

export const TIMELINE = {
  timeline: whole,
  timelineWaterfall: waterfall,
  timelineLong: {
    message: "timeline",
    query: { large: "4000", view: "waterfall" },
    do: async (page) => {
      await page.clock.runFor(1000);
      await page.getByText("1,817 tasks").waitFor();
    },
  },
  timelineWaits: {
    ...waterfall,
    upto: WAITING,
    snapshot: '{"status":"interrupted","pending":1}',
  },
  timelineFolded: {
    ...whole,
    do: async (page) => {
      await row(page, "collect").focus();
      await page.keyboard.press("ArrowLeft");
    },
  },
  timelineRow: {
    ...whole,
    do: async (page) => {
      await row(page, "fetch", 1).click();
    },
  },
  timelineDetails: {
    ...whole,
    do: async (page) => {
      for (const nth of [1, 2]) await row(page, "fetch", nth).click();
      await page.getByText("Messages").click();
    },
  },
  timelineFound: {
    ...waterfall,
    do: async (page) => {
      await row(page, "plan").focus();
      await page.keyboard.press("/");
      await page.getByRole("searchbox").fill("/answered \\d+/");
      await page.getByText("1 of 15 tasks").waitFor();
    },
  },
  timelineFailed: {
    ...whole,
    do: async (page) => {
      await page.getByRole("button", { name: "Failed only" }).click();
      await page.getByText("1 of 15 tasks").waitFor();
    },
  },
  timelineNothing: {
    ...whole,
    do: async (page) => {
      await page.getByRole("button", { name: "Find" }).click();
      await page.getByRole("searchbox").fill("penguin");
      await page.getByText("No task matches").waitFor();
    },
  },
  timelineWrong: {
    ...whole,
    do: async (page) => {
      await page.getByRole("button", { name: "Find" }).click();
      await page.getByRole("searchbox").fill("/fetch(/");
      await page.getByText("Not a regular expression").waitFor();
    },
  },
  timelineKeys: {
    ...whole,
    do: async (page) => {
      await row(page, "plan").focus();
      await page.keyboard.press("?");
    },
  },
};
