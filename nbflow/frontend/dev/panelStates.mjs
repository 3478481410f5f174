/** The states of the side panel that are photographed, and what it lists in them. */

const SOURCES = ["panel", "panelFirst", "panelNoNbflow", "panelDead", "panelTrouble"];

export const PANEL = Object.fromEntries(
  SOURCES.map((state) => [state, { message: "panel", query: { panel: state } }]),
);

const NAME = "desk/Reviewing the penguins.ipynb";

/** What the panel is given in a state; times are moved so that the list was told just now. */
export function panelView(golden, state) {
  const now = Date.now() / 1000;
  const told = golden.to_browser.find(({ type }) => type === "runs");
  const { message } = golden.to_browser.find(({ type }) => type === "failed");
  const nothing = { list: null, error: null, skewS: told.now - now };
  const kernel = { ...nothing, id: "kernel", kind: "kernel", name: NAME, state: "open" };
  const { rows } = told.list;
  const database = (name, parts) => ({
    ...nothing,
    id: name,
    kind: "database",
    name,
    state: "open",
    ...parts,
  });
  const listed = (some, parts) => {
    const waiting = some.reduce((sum, row) => sum + row.questions.length, 0);
    return { list: { rows: some, more: 0, waiting }, ...parts };
  };
  const views = {
    panel: [
      { ...kernel, ...listed(rows.slice(1, 3)) },
      database("desk/refunds.sqlite", { list: told.list }),
      database("archive/2025/runs-of-the-year-before.sqlite", listed([])),
    ],
    panelFirst: [{ ...kernel, name: "", state: "no_kernel" }],
    panelNoNbflow: [
      { ...kernel, state: "no_nbflow" },
      database("runs.sqlite", { state: "loading" }),
    ],
    panelDead: [{ ...kernel, state: "dead" }, database("runs.sqlite", listed([rows[4]]))],
    panelTrouble: [
      { ...kernel, ...listed([rows[2]]), state: "lost" },
      database("runs.sqlite", { state: "refused", error: message }),
      database("mail.sqlite", { ...listed([rows[1]]), state: "lost" }),
      database("old.sqlite", { ...listed([rows[3]]), error: message }),
    ],
  };
  const problem = state === "panelTrouble" ? "The server does not answer." : "";
  return { sources: views[state], problem };
}
