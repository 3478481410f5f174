/** The states of a start form that are photographed. */

const press = (page) => page.keyboard.press("Control+Enter");
const fill = async (page) => {
  await page.getByLabel("Site", { exact: true }).fill("Torgersen");
  await page.getByLabel("Penguins").fill("24");
  await page.getByLabel("Station key").fill("k-417");
};
const begin = async (page) => {
  await fill(page);
  await press(page);
};
const start = (run = async () => {}, query = {}) => ({ message: "start", query, do: run });
const another = (page) => page.getByRole("button", { name: "Start another" }).click();

export const START = {
  start: start(async (page) => {
    await page.getByLabel("Site", { exact: true }).focus();
  }),
  startRecall: start(async (page) => {
    await page.getByRole("button", { name: "Earlier inputs" }).click();
    await page.getByRole("button", { name: "biscoe-2" }).focus();
  }),
  startFilled: start(async (page) => {
    await page.getByRole("button", { name: "Earlier inputs" }).click();
    await page.getByRole("button", { name: "dream-1" }).click();
    await page.getByText("Filled with").waitFor();
  }),
  startWrong: start(async (page) => {
    await page.getByLabel("Penguins").fill("900");
    await press(page);
    await page.getByText("things need another look").waitFor();
  }),
  startInvalid: start(
    async (page) => {
      await begin(page);
      await page.getByText("No such site").first().waitFor();
    },
    { answer: "0" },
  ),
  startRefused: start(
    async (page) => {
      await page.getByLabel("Thread name").fill("biscoe-2");
      await begin(page);
      await page.getByText("There is a thread").waitFor();
    },
    { answer: "1" },
  ),
  startSending: start(begin, { hold: "" }),
  started: start(async (page) => {
    await begin(page);
    await page.getByText("Started thread").waitFor();
    await page.getByRole("form", { name: /^Answer to/ }).waitFor();
  }),
  startAnother: start(
    async (page) => {
      await another(page);
      await page.getByLabel("Site", { exact: true }).waitFor();
    },
    { runs: "1" },
  ),
  startSeveral: start(
    async (page) => {
      await page.getByRole("button", { name: "torgersen-2" }).waitFor();
    },
    { runs: "3" },
  ),
  startAnything: start(undefined, { form: "anything", first: "" }),
  startNothing: start(undefined, { form: "nothing", first: "" }),
  startText: start(undefined, { form: "text", unkept: "" }),
  startUnkept: start(undefined, { form: "text", unkept: "", runs: "2" }),
  startUnread: start(undefined, { unread: "" }),
  startLoading: { message: "start", silent: true },
  startLost: start(async (page) => {
    await page.evaluate(() => {
      window.nbflowDev.model.send = () => {};
    });
    await begin(page);
    await page.clock.fastForward(12000);
    await page.getByText("The kernel has not answered").waitFor();
  }),
};
