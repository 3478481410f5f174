/** Every word the page shows, in German. */

import { numbersIn, sizesIn } from "../numbers";
import type { Words } from "../words";
import { inbox } from "./inbox";
import { panel } from "./panel";
import { past } from "./past";
import { start } from "./start";
import { tasks } from "./tasks";

const numbers = numbersIn("de");
const { number, plural } = numbers;
const sizeOf = sizesIn(numbers, "Byte", "Bytes");

const VIA: Record<string, string> = {
  form: "Beantwortet im Formular,",
  inbox: "Beantwortet in einem Eingang,",
  code: "Beantwortet durch Code,",
  "answers file": "Beantwortet aus einer Datei,",
};

const TYPES: Record<string, string> = {
  array: "eine Liste",
  boolean: "Ja oder Nein",
  integer: "eine ganze Zahl",
  null: "nichts",
  number: "eine Zahl",
  object: "ein Objekt",
  string: "ein Text",
};

const TYPE_NAMES: Record<string, string> = {
  array: "Liste",
  boolean: "Ja / Nein",
  integer: "Ganze Zahl",
  number: "Zahl",
  object: "Objekt",
  string: "Text",
};

function typeName(limit: unknown): string {
  const names = (Array.isArray(limit) ? limit : [limit])
    .filter((name) => name !== "null")
    .map((name) => TYPES[String(name)] ?? String(name));
  return names.join(" oder ") || "ein Wert anderer Art";
}

interface DecisionWords {
  /** What is done, as its button says it. */
  readonly name: string;
  /** About one that was made. */
  readonly done: string;
  /** On the button that sends it about something. */
  readonly act: (what: string) => string;
  /** The same about the question itself, where that is more than the name. */
  readonly alone?: string;
}

const DECISIONS: Record<string, DecisionWords> = {
  approve: { name: "Genehmigen", done: "Genehmigt", act: (what) => `${what} genehmigen` },
  accept: {
    name: "Annehmen",
    done: "Angenommen",
    act: (what) => `${what} annehmen`,
    alone: "Annehmen und senden",
  },
  edit: {
    name: "Ändern",
    done: "Geändert",
    act: (what) => `${what} geändert senden`,
    alone: "Geändert senden",
  },
  reject: { name: "Ablehnen", done: "Abgelehnt", act: (what) => `${what} ablehnen` },
  respond: {
    name: "Antworten",
    done: "Beantwortet",
    act: (what) => `Auf ${what} antworten`,
    alone: "Antwort senden",
  },
  ignore: {
    name: "Ignorieren",
    done: "Ignoriert",
    act: (what) => `${what} ignorieren`,
    alone: "Die Anfrage ignorieren",
  },
  resolve: {
    name: "Erledigen",
    done: "Erledigt",
    act: (what) => `${what} erledigen`,
    alone: "Als erledigt kennzeichnen",
  },
  decline: {
    name: "Verweigern",
    done: "Verweigert",
    act: (what) => `${what} verweigern`,
    alone: "Die Anfrage verweigern",
  },
  cancel: {
    name: "Abbrechen",
    done: "Abgebrochen",
    act: (what) => `${what} abbrechen`,
    alone: "Die Anfrage abbrechen",
  },
};

const entries = (n: number): string => plural(n, "Eintrag", "Einträge");
const characters = (n: number): string => plural(n, "Zeichen", "Zeichen");

export const strings: Words = {
  language: "de",
  direction: "ltr",
  decimal: numbers.decimal,
  days: (n) => plural(n, "Tag", "Tage"),
  run: {
    label: (workflow) => `Lauf von ${workflow}`,
    thread: "Thread",
    noThread: "nicht aufgehoben",
    status: {
      running: "Läuft",
      interrupted: "Wartet auf Sie",
      done: "Fertig",
      error: "Fehlgeschlagen",
      cancelled: "Abgebrochen",
      crashed: "Kernel angehalten",
      ready: "Kann weitergehen",
    },
    elapsed: "Arbeitszeit; das Warten auf Menschen ist nicht enthalten",
    waited: (time) => `${time} gewartet`,
    waitedHint: "Zeit, die auf Menschen gewartet wurde",
    cancel: "Lauf abbrechen",
    cancelling: "Wird abgebrochen…",
    tasks: "Tasks",
    history: "Verlauf",
    views: "Ansichten dieses Laufs",
    needsYou: (title) => `Ihre Eingabe wird gebraucht: ${title}`,
    broken: "Diese Ansicht hat wegen eines Fehlers in der Seite angehalten.",
    brokenHint: "Führen Sie die Zelle erneut aus. Der Lauf selbst ist nicht betroffen.",
  },
  connection: {
    lost: "Der Kernel hat nicht geantwortet.",
    lostForm:
      "Er ist vielleicht beschäftigt, startet neu oder ist beendet. Ihre Eingaben bleiben erhalten, und das Formular geht wieder, sobald der Kernel antwortet; führen Sie nach einem Neustart die Zelle erneut aus.",
    lostView:
      "Er ist vielleicht beschäftigt, startet neu oder ist beendet. Diese Ansicht geht weiter, sobald der Kernel antwortet; führen Sie nach einem Neustart die Zelle erneut aus.",
    protocol: (theirs, ours) =>
      `Der Kernel spricht Version ${theirs} des Protokolls, diese Seite Version ${ours}. Laden Sie die Seite neu.`,
    waiting: "Der Kernel wird erwartet…",
  },
  tasks,
  terms: {
    assignees: (names) => `Für ${names.join(", ")}.`,
    notYou: (you) => `Hier antwortet ${you}, eine Antwort wird also nicht angenommen.`,
    within: (left) => `Zu beantworten innerhalb von ${left}.`,
    by: (time) => `Zu beantworten bis ${time}.`,
    up: "Die Zeit ist um:",
    soon: "Weniger als eine Minute bleibt für die Antwort.",
    after: (what) => `Danach: ${what}`,
    error: "Der Code bekommt einen Fehler.",
    counts: (value) => `Dies gilt als Antwort: ${value}`,
  },
  question: {
    asks: (task) => `Gefragt von ${task}`,
    context: "Worum es geht",
    form: (title) => `Antwort auf: ${title}`,
    submit: "Absenden",
    submitting: "Wird gesendet…",
    answered: "Beantwortet",
    answeredBy: (who) => (who === null ? "Beantwortet" : `Beantwortet von ${who}`),
    timeUp: "Zeit abgelaufen",
    noAnswer: (failed) =>
      failed
        ? "Niemand hat rechtzeitig geantwortet, also bekam der Code einen Fehler."
        : "Niemand hat rechtzeitig geantwortet, also gilt die Vorgabe.",
    via: (how) => VIA[how] ?? `Beantwortet durch ${how},`,
    accepted: "Die Antwort wurde angenommen.",
    refused: "Die Antwort wurde nicht angenommen.",
    slow: "Der Kernel hat diese Antwort noch nicht angenommen. Sie wird erneut gesendet, sobald er antwortet; sie zählt einmal.",
    summary: (n) =>
      n === 1 ? "Eine Stelle braucht noch einen Blick" : `${n} Stellen brauchen noch einen Blick`,
    whole: "Die Antwort",
    rows: (shown, total) =>
      shown < total
        ? `${number(shown)} von ${plural(total, "Zeile", "Zeilen")}`
        : plural(total, "Zeile", "Zeilen"),
    noRows: "Keine Zeilen.",
    picture: "Bild",
    required: "erforderlich",
    optional: "optional",
    emptyIsNone: "Leer lassen für keinen Wert.",
    yes: "Ja",
    no: "Nein",
    none: "Kein Wert",
    choose: "Auswählen…",
    clear: "Leeren",
    kindOf: (name) => `${name}: Art des Werts`,
    kinds: { text: "Text", number: "Zahl", boolean: "Ja / Nein", none: "Kein Wert", json: "JSON" },
    value: "Antwort",
    notNumber: "Geben Sie eine Zahl ein, etwa 3 oder 2.5.",
    notJson: "Dies ist kein gültiges JSON.",
    tooLarge: "Diese Zahl ist zu groß, um genau gesendet zu werden.",
    types: (type) => TYPE_NAMES[type] ?? type,
    add: "Hinzufügen",
    addTo: (name) => `Zu ${name} hinzufügen`,
    remove: (what) => `${what} entfernen`,
    moveUp: (what) => `${what} nach oben`,
    moveDown: (what) => `${what} nach unten`,
    item: (n) => `Eintrag ${n}`,
    noItems: "Leer.",
    key: "Schlüssel",
    freshKey: (n) => (n === 1 ? "neuer Schlüssel" : `neuer Schlüssel ${n}`),
    keyTaken: "Diesen Schlüssel gibt es schon.",
    newKey: "Schlüssel hinzufügen",
    expand: (name) => `${name} hinzufügen`,
    fixed: (value) => `Diese Antwort ist immer ${value}.`,
    notListed: (value) => `${value} (nicht in der Liste)`,
    notSet: "Nicht gesetzt",
    readOnly: "nur lesbar",
    offset: "Abstand zu UTC",
    unknown: (keywords) =>
      `Die Seite kennt ${keywords.map((word) => `„${word}“`).join(", ")} nicht: Prüfen Sie den Wert als JSON.`,
  },
  tools: {
    leaveOut: () => "Weglassen",
    reset: () => "Zurücksetzen",
    useDefault: (value) => `Vorgabe nehmen (${value})`,
    asField: () => "Als Feld ändern",
    asJson: () => "Als JSON ändern",
  },
  raw: {
    open: "Die ganze Antwort als JSON ändern",
    openPart: "Dies als JSON ändern",
    close: "Zurück zum Formular",
    reset: "Auf das Gegebene zurücksetzen",
    empty: "Formular leeren",
    label: "Die ganze Antwort als JSON",
    labelPart: "Dieser Teil der Antwort als JSON",
    note: "Was hier steht, wird gesendet.",
    secretNote: "Was hier steht, wird gesendet. Geheimnisse sind im Klartext zu sehen.",
  },
  whyJson: {
    asked: "Als JSON geschrieben.",
    branch: "Der Wert passt zu keinem davon: Wählen Sie eines, oder ändern Sie ihn als JSON.",
    deep: "Dies liegt zu tief, um gezeichnet zu werden: Schreiben Sie es als JSON.",
    dynamic:
      "Die Form hängt davon ab, wo sie gebraucht wird, und dem folgt die Seite nicht: Schreiben Sie es als JSON.",
    endless: "Dies hat mehr Teile, als die Seite zusammensetzen kann: Schreiben Sie es als JSON.",
    nothing: "Hier passt kein Wert.",
    reference:
      "Die Form ist anderswo beschrieben, wo die Seite nicht nachsehen kann: Schreiben Sie es als JSON.",
    unions: "Mehrere Auswahlen gelten zugleich: Schreiben Sie es als JSON.",
    value:
      "Der gegebene Wert passt nicht in das Feld, das für ihn gemacht ist, und steht daher als JSON da.",
    wide: "Es gibt zu viele Formen zur Auswahl: Schreiben Sie es als JSON.",
  },
  file: {
    none: "Keine Datei ist ausgewählt.",
    stored: (bytes) => `Eine gespeicherte Datei bleibt: ${sizeOf(bytes)}.`,
    chosen: (name, bytes) => `${name}, ${sizeOf(bytes)}.`,
    failed: "Die Datei konnte nicht gelesen werden.",
  },
  formats: {
    date: {
      note: "",
      example: "2026-01-31",
      problem: "Schreiben Sie einen Tag wie 2026-01-31.",
    },
    "date-time": {
      note: "",
      example: "2026-01-31T12:00:00Z",
      problem: "Schreiben Sie Tag und Uhrzeit wie 2026-01-31T12:00:00Z.",
    },
    time: {
      note: "",
      example: "12:00:00",
      problem: "Schreiben Sie eine Uhrzeit wie 12:00:00 oder 12:00:00Z.",
    },
    duration: {
      note: "P1DT2H30M heißt 1 Tag, 2 Stunden und 30 Minuten.",
      example: "P1DT2H30M",
      problem: "Schreiben Sie eine Dauer wie P1DT2H30M für einen Tag, zwei Stunden und 30 Minuten.",
    },
    email: {
      note: "",
      example: "name@example.org",
      problem: "Schreiben Sie eine E-Mail-Adresse wie name@example.org.",
    },
    uri: {
      note: "",
      example: "https://…",
      problem: "Schreiben Sie eine Adresse mit ihrem Schema, also https://…",
    },
    uuid: {
      note: "",
      example: "123e4567-e89b-12d3-a456-426614174000",
      problem: "Schreiben Sie eine UUID: 32 Ziffern 0–9 und a–f in fünf Gruppen.",
    },
  },
  limits: {
    range: (low, high) => `Von ${low} bis ${high}.`,
    least: (low) => `${low} oder mehr.`,
    most: (high) => `${high} oder weniger.`,
    above: (low) => `Mehr als ${low}.`,
    below: (high) => `Weniger als ${high}.`,
    multipleOf: (step) => `In Schritten von ${step}.`,
    lengths: (least, most) =>
      least === most ? `${characters(least)}.` : `${least} bis ${characters(most)}.`,
    shortest: (least) => `Mindestens ${characters(least)}.`,
    longest: (most) => `Höchstens ${characters(most)}.`,
    items: (least, most) =>
      least === most
        ? `${entries(least)}.`
        : least > 0
          ? `${least} bis ${entries(most)}.`
          : `Höchstens ${entries(most)}.`,
    fewestItems: (least) => `Mindestens ${entries(least)}.`,
    unique: "Kein Eintrag zweimal.",
    example: (text) => `Zum Beispiel ${text}.`,
    pattern: "Eine bestimmte Form ist verlangt.",
    characters: {
      digits: ["Ziffer", "Ziffern"],
      capitals: ["Großbuchstabe", "Großbuchstaben"],
      smalls: ["Kleinbuchstabe", "Kleinbuchstaben"],
      letters: ["Buchstabe", "Buchstaben"],
      capitalsDigits: ["Großbuchstabe oder Ziffer", "Großbuchstaben oder Ziffern"],
      smallsDigits: ["Kleinbuchstabe oder Ziffer", "Kleinbuchstaben oder Ziffern"],
      lettersDigits: ["Buchstabe oder Ziffer", "Buchstaben oder Ziffern"],
    },
    literal: (text) => `„${text}“`,
    some: ([one, many], least, most) => {
      if (least === most) return plural(least, one, many);
      if (most !== undefined) return `${least} bis ${plural(most, one, many)}`;
      return least === 0
        ? `beliebig viele ${many}`
        : least === 1
          ? many
          : `${least} oder mehr ${many}`;
    },
    row: (parts) => `Schreiben Sie ${parts.join(", dann ")}.`,
  },
  decision: {
    label: (name) => (name === "" ? "Entscheidung" : `Entscheidung über ${name}`),
    names: (kind) => DECISIONS[kind]?.name ?? kind,
    done: (kind) => DECISIONS[kind]?.done ?? kind,
    place: (n, of, name) => (name === "" ? `${n} von ${of}` : `${n} von ${of}: ${name}`),
    list: "Aktionen",
    nameless: "die Anfrage",
    open: "offen",
    choose: "Treffen Sie eine Entscheidung.",
    first: "Erst entscheiden",
    nextOpen: "Zur offenen Aktion",
    nextOfOpen: (n) => `Zur ersten von ${n} offenen Aktionen`,
    stillOpen: (n) =>
      `Nichts wurde gesendet: ${n === 1 ? "Eine Aktion ist" : `${n} Aktionen sind`} noch offen.`,
    act: (kind, name) => {
      const words = DECISIONS[kind];
      if (!words) return kind;
      return name === "" ? (words.alone ?? words.name) : words.act(name);
    },
    sendUnchanged: (name) => (name ? `${name} unverändert senden` : "Unverändert senden"),
    verb: (kind, n) => DECISIONS[kind]?.act(number(n)) ?? `${kind} ${number(n)}`,
    verbs: (kind) => DECISIONS[kind]?.name ?? kind,
    times: (name, n) => (n === 1 ? name : `${name} (${number(n)})`),
    count: (kind, n) => `${number(n)} ${DECISIONS[kind]?.done.toLowerCase() ?? kind}`,
    openCount: (n) => `${number(n)} offen`,
    tally: "Was entschieden ist",
    all: (kind, n) => `Alle ${n} offenen: ${DECISIONS[kind]?.name ?? kind}`,
    undo: (n) => `Rückgängig für ${plural(n, "Aktion", "Aktionen")}`,
    unchanged: "Noch ist nichts geändert: Das ist der Vorschlag.",
    answeredUnchanged: "Wie vorgeschlagen gesendet.",
  },
  keys: {
    title: "Tasten",
    close: "Schließen",
    choose: (name) => `„${name}“ wählen`,
    move: "Nächste und vorige Aktion",
    beside: "Nächste und vorige Entscheidung",
    send: "Senden",
    list: "Diese Liste zeigen oder ausblenden",
    escape: "Diese Liste ausblenden",
    names: {
      move: ["J", "K", "↓", "↑"],
      beside: ["→", "←"],
      send: ["Strg Enter"],
      sendMac: ["⌘ Enter"],
      list: ["?"],
      escape: ["Esc"],
    },
  },
  draft: {
    kept: "Entwurf in diesem Tab aufgehoben.",
    partly:
      "Entwurf in diesem Tab aufgehoben, aber ohne Geheimnisse: Geben Sie sie nach einem Neuladen erneut ein.",
    lost: "Entwurf nicht aufgehoben: Der Browser speichert für diese Seite nichts mehr. Er ist weg, sobald die Seite geschlossen oder neu geladen wird.",
  },
  diff: {
    title: (n) => plural(n, "Änderung", "Änderungen"),
    old: "vorgeschlagen",
    new: "geändert",
    same: (n) => `${number(n)} Zeilen sind gleich`,
    empty: "(leer)",
    hidden: "Ein geheimer Wert wurde geändert; er wird nicht gezeigt.",
  },
  inbox,
  panel,
  start,
  preview: {
    copy: "Kopieren",
    copied: "Kopiert",
    copyFailed: "Kopieren mit Strg+C",
    cut: (n) => `${characters(n)} ausgelassen`,
    empty: "(leerer Text)",
    result: "Ergebnis",
    error: "Fehler",
    traceback: "Traceback",
    notes: "Hinweise",
    cancelled: "Der Lauf wurde abgebrochen. Was fertig war, bleibt.",
    ready:
      "Er wartet auf niemanden. Es geht weiter mit „Fortsetzen“ im Verlauf oder mit run.resume().",
  },
  messages: {
    title: (n) => `Nachrichten (${number(n)})`,
  },
  past,
  history: { silent: "Der Kernel hat nicht geantwortet." },
  errors: {
    required: "Füllen Sie dies aus.",
    type: (limit) => `Dies muss ${typeName(limit)} sein.`,
    enumeration: "Wählen Sie einen der gegebenen Werte.",
    minimum: (limit) => `Dies muss ${limit} oder mehr sein.`,
    maximum: (limit) => `Dies muss ${limit} oder weniger sein.`,
    above: (limit) => `Dies muss mehr als ${limit} sein.`,
    below: (limit) => `Dies muss weniger als ${limit} sein.`,
    multipleOf: (limit) => `Dies muss ein Vielfaches von ${limit} sein.`,
    minLength: (limit) =>
      limit === 1 ? "Füllen Sie dies aus." : `Mindestens ${limit} Zeichen sind verlangt.`,
    maxLength: (limit) => `Höchstens ${limit} Zeichen sind möglich.`,
    pattern: (limit) => `Dies muss zum Muster ${limit} passen.`,
    minItems: (limit) => `Verlangt: mindestens ${entries(Number(limit))}.`,
    maxItems: (limit) => `Möglich: höchstens ${entries(Number(limit))}.`,
    uniqueItems: "Derselbe Eintrag steht zweimal da.",
    contains: "Ein Eintrag, der in der Liste sein muss, fehlt.",
    maxContains: "Zu viele Einträge einer Art sind in der Liste.",
    minProperties: (limit) => `Verlangt: mindestens ${entries(Number(limit))}.`,
    maxProperties: (limit) => `Möglich: höchstens ${entries(Number(limit))}.`,
    propertyNames: "Ein Schlüssel hat einen Namen, der nicht erlaubt ist.",
    choice: "Dies passt zu keiner der möglichen Formen.",
    notAllowed: "Dies ist hier nicht erlaubt.",
  },
};
