/** The words of a start form; `strings` has them with all others. */

import { numbersIn } from "../numbers";
import type { Words } from "../words";

const { number } = numbersIn("de");

export const start: Words["start"] = {
  label: (workflow) => `${workflow} starten`,
  form: (workflow) => `Eingabe von ${workflow}`,
  start: "Starten",
  starting: "Wird gestartet…",
  refused: "Nichts wurde gestartet.",
  unread: "Das Formular konnte nicht gelesen werden.",
  slow: "Der Kernel hat dies noch nicht gestartet. Es wird erneut gesendet, sobald er antwortet; es zählt einmal.",
  whole: "Die Eingabe",
  raw: { open: "Die ganze Eingabe als JSON ändern", label: "Die ganze Eingabe als JSON" },
  noInput: "Dieser Workflow nimmt keine Eingabe.",
  thread: "Name des Threads",
  threadNote: "Bleibt das Feld leer, bekommt der Thread einen neuen Namen.",
  started: "Gestartet: Thread",
  startedUnkept: "Gestartet",
  another: "Weiteren starten",
  fold: "Formular ausblenden",
  runs: "Hier gestartete Läufe, neueste zuerst",
  run: (thread) => `Lauf auf Thread ${thread}`,
  runUnkept: "Lauf",
  earlier: (n) => `Frühere Eingaben (${number(n)})`,
  earlierUnread: "Frühere Eingaben konnten nicht gelesen werden.",
  fill: "Das Formular mit dieser Eingabe füllen:",
  on: (thread) => `Thread ${thread}`,
  filled: (thread) => `Mit der Eingabe von Thread ${thread} gefüllt.`,
  filledSecrets: "Geheimnisse werden nicht aufgehoben: Geben Sie sie erneut ein.",
};
