/** The words of the inbox; `strings` has them with all others. */

import { numbersIn } from "../numbers";
import type { Words } from "../words";

const { number, plural } = numbersIn("de");

const BULK: Record<string, (what: string) => string> = {
  approve: (what) => `${what} genehmigen`,
  accept: (what) => `${what} annehmen`,
  yes: (what) => `${what} bejahen`,
};

const bulk = (kind: string, n: number): string => BULK[kind]?.(number(n)) ?? `${kind} ${number(n)}`;

export const inbox: Words["inbox"] = {
  title: "Eingang",
  list: "Offene Fragen",
  count: (shown, all) =>
    shown === all ? `${number(all)} warten` : `${number(shown)} von ${number(all)} warten`,
  cut: (shown) =>
    `Die ersten ${number(shown)} sind aufgeführt; antworten oder filtern Sie, um die anderen zu sehen.`,
  search: "Fragen durchsuchen",
  workflow: "Workflow",
  allWorkflows: "Alle Workflows",
  workflowCount: (name, n) => `${name} (${number(n)})`,
  age: "Alter",
  ages: [
    [0, "Jedes Alter"],
    [3_600, "Über 1 Stunde"],
    [86_400, "Über 1 Tag"],
    [604_800, "Über 1 Woche"],
  ],
  thread: (id) => `Thread ${id}`,
  waits: (age) => `wartet ${age}`,
  unknown: "kein Code hier",
  forOthers: "für andere",
  mine: "Nur meine",
  due: (left) => `fällig in ${left}`,
  overdue: "Zeit ist um",
  draft: "Entwurf",
  loading: "Wird geladen…",
  none: "Nichts wartet auf eine Antwort.",
  noneMatch: "Keine offene Frage passt.",
  showAll: "Alle zeigen",
  unread: "Die Liste konnte nicht gelesen werden.",
  retry: "Es wird alle paar Sekunden erneut versucht.",
  pick: "Wählen Sie eine Frage.",
  pickHint: "J und K bewegen sich in der Liste, Enter öffnet, ? nennt alle Tasten.",
  allDone: "Fertig: Hier ist nichts mehr offen.",
  gone: "Diese Frage ist nicht mehr offen. Sie wurde anderswo beantwortet, oder ihr Lauf nahm einen anderen Weg.",
  back: "Zurück zur Liste",
  selected: (n) => `${number(n)} ausgewählt`,
  selectAll: (n) => `Alle ${number(n)} dieser Art auswählen`,
  clear: "Auswahl aufheben",
  notBulk: "Diese Frage verlangt eine eigene Antwort.",
  otherKind: (kind) =>
    `Mit den ausgewählten lassen sich nur Fragen beantworten, bei denen es um „${kind}“ geht.`,
  bulk,
  bulkLine: (kind, n, what) => `${bulk(kind, n)}${what && `: ${what}`}`,
  bulkName: (name, n) => `${number(n)} ${name}`,
  bulkGoing: (done, of) => `Wird gesendet: ${number(done)} von ${number(of)} beantwortet`,
  bulkDone: (taken, of) =>
    taken === of
      ? `${number(of)} beantwortet.`
      : `${number(taken)} von ${number(of)} beantwortet. ${plural(of - taken, "Frage wurde", "Fragen wurden")} es nicht: Die Liste sagt, warum.`,
  answered: (title) => `Beantwortet: ${title}`,
  undo: (n) =>
    n === 1 ? "Rückgängig: erneut fragen" : `Rückgängig: diese ${number(n)} erneut fragen`,
  undoOf: (title) => `Rückgängig: erneut fragen: ${title}`,
  undoHint: "Was inzwischen lief, bleibt im Verlauf.",
  undone: (n) => `${plural(n, "Frage wird", "Fragen werden")} erneut gestellt.`,
  undoRefused: "Nicht rückgängig gemacht.",
  answeredHere: (n) => `Hier beantwortet (${number(n)})`,
  wasUndone: "erneut gefragt",
  dismiss: "Schließen",
  keyList: "Tasten der Liste",
  keys: [
    [["J", "K", "↓", "↑"], "Nächste und vorige Frage in der Liste"],
    [["Enter"], "Die Frage öffnen"],
    [["X"], "Auswählen, um mehrere zugleich zu beantworten"],
    [["A"], "Zur Schaltfläche, die die ausgewählten beantwortet"],
    [["U"], "Die letzte Antwort rückgängig machen"],
    [["/"], "Suchen"],
    [["Esc"], "Zurück zur Liste"],
    [["?"], "Diese Liste zeigen oder ausblenden"],
  ],
};
