/** The states of the history. */

const opened = (act, query) => ({
  message: "past",
  snapshot: '{"status":"error"}',
  ...(query && { query }),
  do: async (page) => {
    await page.getByRole("tab", { name: "History" }).click();
    await act?.(page);
  },
});

const row = (page, name) => page.getByRole("treeitem", { name });
const ready = (page) => row(page, /^search/).waitFor();
const result = async (page) => {
  await row(page, /^Branch 1/).click();
  await row(page, /^Result/).click();
  await page.getByRole("button", { name: "Edit state", exact: true }).waitFor();
};
const compare = async (page, name, index) => {
  await row(page, name).click();
  await page.getByLabel("Compare with").selectOption({ index });
  await page.locator(".nbf-pairs").waitFor();
};

export const PAST = {
  history: opened(ready),
  "history-result": opened(result),
  "history-question": opened(async (page) => {
    await ready(page);
    await row(page, /^Question/).click();
    await page.getByRole("button", { name: "Ask again", exact: true }).waitFor();
  }),
  "history-failed-task": opened(async (page) => {
    await ready(page);
    await row(page, /^write/).click();
  }),
  "history-branch": opened(async (page) => {
    await ready(page);
    await row(page, /^Branch 2/).click();
  }),
  "history-compare": opened(async (page) => {
    await ready(page);
    await compare(page, /^Branch 2/, 2);
  }),
  "history-code": opened(async (page) => {
    await ready(page);
    await row(page, /^Question/).click();
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error("This page may not copy."));
    });
    await page.getByRole("button", { name: "Copy as code: Ask again" }).click();
    await page.locator(".nbf-code-shown pre").waitFor();
  }),
  "history-edit": opened(async (page) => {
    await result(page);
    await page.getByRole("button", { name: "Edit state", exact: true }).click();
  }),
  "history-edit-wrong": opened(
    async (page) => {
      await result(page);
      await page.getByRole("button", { name: "Edit state", exact: true }).click();
      await page.getByRole("button", { name: "Save and run again", exact: true }).click();
      await page.getByText("should be a valid string").first().waitFor();
    },
    { outcome: 1 },
  ),
  "history-refused": opened(
    async (page) => {
      await ready(page);
      await page.getByRole("button", { name: "Fork", exact: true }).click();
      await page.getByText("Not done.").waitFor();
    },
    { outcome: 2 },
  ),
  "history-going": opened(
    async (page) => {
      await ready(page);
      await page.getByRole("button", { name: "Fork", exact: true }).click();
      await page.getByText("Starting…").waitFor();
    },
    { outcome: 99 },
  ),
  "history-fifty": opened(
    async (page) => {
      await page.getByRole("button", { name: "Show older" }).click();
      await row(page, /^Branch 32/).waitFor();
    },
    { forks: 50 },
  ),
  "history-empty": opened(
    async (page) => {
      await page.getByText("No checkpoint yet").waitFor();
    },
    { empty: "" },
  ),
  "history-unread": opened(
    async (page) => {
      await page.getByText("not a database").waitFor();
    },
    { unread: "" },
  ),
};
