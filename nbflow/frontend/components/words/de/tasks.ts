/** The words of the timeline; `strings` has them with all others. */

import type { ProgressData, TaskStatus } from "../../../protocol/messages";
import { numbersIn } from "../numbers";
import type { Words } from "../words";

const { number, plural } = numbersIn("de");

const STATUS: Record<TaskStatus, string> = {
  running: "läuft",
  done: "fertig",
  failed: "fehlgeschlagen",
  cancelled: "abgebrochen",
  interrupted: "wartet",
};

const MANY = { running: "laufen", interrupted: "warten", failed: "fehlgeschlagen" };

export const tasks: Words["tasks"] = {
  list: "Tasks",
  none: "Noch hat kein Task begonnen.",
  noneRan: "Dieser Lauf hat keinen Task aufgerufen.",
  status: STATUS,
  row: (name, details) => `Task ${name}: ${details.join(", ")}`,
  inside: (parent) => `in ${parent}`,
  replayed: "wiederholt",
  replayedHint: "Das Ergebnis stand schon fest; die Funktion lief nicht noch einmal.",
  cached: "aus dem Cache",
  cachedHint: "Das Ergebnis kam aus dem Cache; die Funktion lief nicht.",
  attempt: (n, limit) =>
    limit === null || limit < n ? `Versuch ${n}` : `Versuch ${n} von ${limit}`,
  failedAttempt: (n, limit) =>
    limit === null || limit < n
      ? `Versuch ${n} fehlgeschlagen`
      : `Versuch ${n} von ${limit} fehlgeschlagen`,
  next: (wait) => `nächster in ${wait}`,
  nextNow: "nächster Versuch beginnt",
  nextIn: (wait) => `nächster Versuch nach ${wait}`,
  progress: (said) =>
    [amount(said), said.text.length > 60 ? `${said.text.slice(0, 60)}…` : said.text]
      .filter(Boolean)
      .join(" "),
  progressOf: (name, percent) => `${name}: ${percent} %`,
  runProgress: "Fortschritt",
  input: "Eingabe",
  result: "Ergebnis",
  error: "Fehler",
  log: "Gesendet und ausgegeben",
  logCut: (n) => `${plural(n, "frühere Zeile ist", "frühere Zeilen sind")} hier nicht aufgehoben.`,
  stderr: "Fehlerausgabe",
  began: "Begonnen",
  ended: "beendet",
  nothing: "Noch nichts zu zeigen.",
  count: (n) => plural(n, "Task", "Tasks"),
  countOf: (shown, all) => `${number(shown)} von ${plural(all, "Task", "Tasks")}`,
  counts: (n, status) => `${number(n)} ${n === 1 ? STATUS[status] : MANY[status]}`,
  fold: (name, n) =>
    n === 1
      ? `Den Task ausblenden, den ${name} aufrief`
      : `Die ${number(n)} Tasks ausblenden, die ${name} aufrief`,
  unfold: (name, n) =>
    n === 1
      ? `Den Task zeigen, den ${name} aufrief`
      : `Die ${number(n)} Tasks zeigen, die ${name} aufrief`,
  folded: (n) => `+${number(n)}`,
  foldedHint: (n) => `${plural(n, "Task", "Tasks")} ausgeblendet`,
  views: "Tasks zeigen als",
  asList: "Liste",
  asWaterfall: "Wasserfall",
  failedOnly: "Nur fehlgeschlagene",
  find: "Suchen",
  search: "Tasks nach Name oder Text suchen",
  searchHint: "Name, Text oder /regex/",
  badRegex: (why) => `Kein regulärer Ausdruck: ${why}`,
  anyStatus: "Jeder Status",
  byStatus: "Status",
  statuses: [
    ["running", "Läuft"],
    ["interrupted", "Wartet"],
    ["failed", "Fehlgeschlagen"],
    ["cancelled", "Abgebrochen"],
    ["done", "Fertig"],
    ["retried", "Mehrmals versucht"],
    ["replayed", "Wiederholt"],
    ["cached", "Aus dem Cache"],
  ],
  noneMatch: "Kein Task passt.",
  showAll: "Alle Tasks zeigen",
  keyList: "Tasten der Zeitleiste",
  keysButton: "Tasten",
  keys: [
    [["↑", "↓"], "voriger, nächster Task"],
    [["←", "→"], "zu- und aufklappen, was ein Task aufrief"],
    [["Enter"], "Eingabe, Ergebnis, Ausgaben und Fehler eines Tasks"],
    [["N", "P"], "nächster, voriger fehlgeschlagener Task"],
    [["F"], "nur fehlgeschlagene Tasks"],
    [["/"], "suchen"],
    [["W"], "Liste oder Wasserfall"],
    [["?"], "diese Tasten"],
  ],
  waitNote: (time, n) =>
    n === 1
      ? `Das Warten auf Menschen ist verkürzt gezeichnet: ${time}.`
      : `Das Warten auf Menschen ist verkürzt gezeichnet: ${time}, an ${number(n)} Stellen.`,
  pauseNote: "Pausen zwischen Ausführungen sind verkürzt gezeichnet.",
  waited: (time) => `${time} gewartet`,
  stopped: (time) => `${time} angehalten`,
  bar: (attempt, status, time) => `Versuch ${attempt}: ${status}, ${time}`,
};

function amount({ share, done, total }: ProgressData): string {
  if (done !== null && total !== null) return `${number(done)} von ${number(total)}`;
  if (done !== null) return number(done);
  return share === null ? "" : `${Math.round(share * 100)} %`;
}
