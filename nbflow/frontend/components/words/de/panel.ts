/** The words of the side panel and its commands; `strings` has them with all others. */

import { numbersIn } from "../numbers";
import type { Words } from "../words";

const { plural } = numbersIn("de");

export const panel: Words["panel"] = {
  title: "nbflow",
  tab: (waiting) =>
    waiting === 0
      ? "nbflow: Läufe und Fragen"
      : `nbflow: ${plural(waiting, "Frage wartet", "Fragen warten")}`,
  kernel: "Aktiver Kernel",
  databases: "Datenbanken",
  add: "Datenbank hinzufügen…",
  addShort: "Datenbank hinzufügen",
  addTitle: "Datenbank hinzufügen",
  addLabel: "Pfad unter dem Stammordner des Servers, etwa data/runs.sqlite",
  addGo: "Hinzufügen",
  pickTitle: "Den Eingang welcher Datenbank öffnen?",
  refresh: "Aktualisieren",
  remove: (name) => `${name} aus dieser Liste nehmen; die Datei bleibt`,
  openInbox: (name) => `Eingang von ${name} öffnen`,
  run: (workflow, thread, status) =>
    `${workflow}${thread === null ? "" : `, Thread ${thread}`}: ${status}`,
  more: (n) =>
    plural(n, "weiterer Lauf ist nicht aufgeführt.", "weitere Läufe sind nicht aufgeführt."),
  none: "Nichts läuft, und nichts wartet.",
  loading: "Wird geladen…",
  unread: "Dies konnte nicht gelesen werden.",
  busy: "Der Kernel hat nicht geantwortet. Er ist vielleicht beschäftigt; die Liste geht weiter, sobald er antwortet.",
  lost: "Der Server hat nicht geantwortet. Die Liste geht weiter, sobald er antwortet.",
  noKernel: "Kein Kernel",
  noKernelHint: "Öffnen Sie ein Notebook oder eine Konsole, um deren Läufe zu sehen.",
  noNbflow: "In diesem Kernel ist nbflow noch nicht geladen",
  noNbflowHint: "Führen Sie dies in einer Zelle aus, dann erscheinen die Läufe hier:",
  dead: "Der Kernel ist beendet",
  deadHint: "Starten Sie ihn neu. Was gespeichert war, bleibt erhalten.",
  noDatabase: "Keine Datenbank ist benannt",
  noDatabaseHint:
    "Benennen Sie eine, dann lassen sich ihre Fragen hier ganz ohne Kernel beantworten.",
  stored: (name) =>
    `Antworten werden in ${name} gespeichert. Ein Lauf geht weiter, wo sein Code ist: von selbst, wo ein Notebook ihn zeigt.`,
  connecting: "Wird verbunden…",
  gone: "Dieser Lauf ist nicht mehr im Kernel.",
  noServer:
    "Dieser Server hat die Erweiterung nbflow nicht, deshalb kann keine Datenbank gelesen werden. Installieren Sie nbflow dort, wo der Server läuft, und starten Sie ihn neu.",
  commands: {
    category: "nbflow",
    show: "Seitenleiste zeigen",
    add: "Datenbank hinzufügen…",
    refresh: "Seitenleiste aktualisieren",
    inbox: "Eingang öffnen",
  },
};
