/** The states of an inbox that are photographed. */

const list = (page) => page.getByRole("listbox");
const open = async (page, title) => {
  await page.getByRole("option", { name: title }).click();
  await page.getByRole("form").waitFor();
};
const press = async (page, keys) => {
  await list(page).focus();
  for (const key of keys) await page.keyboard.press(key);
};
const receive = (page, parts) =>
  page.evaluate((given) => {
    const { model } = window.nbflowDev;
    for (const sent of model.sent.filter(({ type }) => type === "submit")) {
      const { submission, interrupt_id } = sent;
      const blank = { type: "receipt", status: "accepted", message: "", errors: [] };
      model.hear({ ...blank, submission, interrupt_id, ...given.shift() });
    }
  }, parts);
const keep = async (page) => {
  await open(page, "Keep the row");
  await page.getByRole("radio", { name: "Yes" }).or(page.getByLabel("Yes")).first().check();
  await page.keyboard.press("Control+Enter");
};
const inbox = (run, query = {}) => ({ message: "inbox", query, do: run });

export const INBOX = {
  inbox: inbox((page) => list(page).focus()),
  inboxOpen: inbox((page) => open(page, "May send_email run?")),
  inboxUnknown: inbox((page) => open(page, "Publish the essay")),
  inboxAnswered: inbox(async (page) => {
    await keep(page);
    await receive(page, [{}]);
    await page.getByText("Answered: Keep").waitFor();
  }),
  inboxRefused: inbox(async (page) => {
    await keep(page);
    await receive(page, [{ status: "refused", message: "The first answer stands." }]);
    await page.getByText("was not taken").waitFor();
  }),
  inboxBulk: inbox((page) => press(page, ["j", "x", "j", "x"])),
  inboxPartly: inbox(async (page) => {
    await press(page, ["j", "x", "j", "x", "a", "Enter"]);
    await receive(page, [{ status: "refused", message: "The first answer stands." }, {}]);
    await page.getByText("1 of 2 answered").waitFor();
  }),
  inboxUndoRefused: inbox(
    async (page) => {
      await page.getByText("Answered here").click();
      await page.getByRole("button", { name: "Undo: ask it again: May delete_files" }).click();
      await page.getByText("Not undone").waitFor();
    },
    { refuse: "" },
  ),
  inboxMany: inbox((page) => press(page, ["End"]), { rows: "300" }),
  inboxKeys: inbox(async (page) => {
    await press(page, ["?"]);
    await page.getByRole("group", { name: "Keys of the list" }).waitFor();
  }),
  inboxNoMatch: inbox(async (page) => {
    await page.getByRole("searchbox").fill("zebra");
    await page.clock.runFor(400);
    await page.getByText("No open question matches").waitFor();
  }),
  inboxEmpty: inbox(async () => {}, { empty: "" }),
  inboxBroken: inbox(async () => {}, { broken: "" }),
  inboxLoading: { message: "inbox", silent: true },
  inboxLost: inbox(async (page) => {
    await open(page, "Keep the row");
    await page.evaluate(() => {
      window.nbflowDev.model.send = () => {};
    });
    await page.clock.fastForward(12000);
    await page.getByText("The kernel has not answered").waitFor();
  }),
};
