/** What the formats of texts look like: checked where a person typed one, never in what was given. */

import { strings } from "../strings";

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i;

const CHECKS: Readonly<Record<keyof typeof strings.formats, (text: string) => boolean>> = {
  date: isDate,
  "date-time": (text) =>
    isDate(text.slice(0, 10)) && /^[T ]/i.test(text.slice(10)) && TIME.test(text.slice(11)),
  time: (text) => TIME.test(text),
  duration: (text) =>
    /^[+-]?P(?=\d|T\d)(\d+([.,]\d+)?Y)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?W)?(\d+([.,]\d+)?D)?(T(?=\d)(\d+([.,]\d+)?H)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?S)?)?$/.test(
      text,
    ),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  uri: (text) => /^[a-z][a-z\d+.-]*:\S+$/i.test(text),
  uuid: (text) => /^[\da-f]{8}-?([\da-f]{4}-?){3}[\da-f]{12}$/i.test(text),
};

/** A day that the calendar has. */
export function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Why a typed text is not of its format; null when it is, or when the format is not known. */
export function formatProblem(format: unknown, text: string): string | null {
  const name = format as keyof typeof strings.formats;
  if (text === "" || !Object.hasOwn(CHECKS, String(format))) return null;
  return CHECKS[name](text) ? null : strings.formats[name].problem;
}

/** A moment as a native control shows it, and what follows it in the text. */
export interface Moment {
  readonly local: string;
  /** `Z`, `+02:00`, or "" where the text says none. */
  readonly offset: string;
}

const MOMENT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?$/;

/** The parts of a moment; null when a native control would not show it as it is. */
export function momentFrom(text: string): Moment | null {
  const [, local, offset = ""] = MOMENT.exec(text) ?? [];
  return local === undefined || formatProblem("date-time", text) ? null : { local, offset };
}

/** A native control leaves seconds out that are zero. */
export function momentText({ local, offset }: Moment): string {
  return (local.length === 16 ? `${local}:00` : local) + offset;
}

/** The offset of the place where the page is open, on that day. */
export function offsetHere(local: string): string {
  const minutes = -new Date(local).getTimezoneOffset();
  if (!Number.isFinite(minutes) || minutes === 0) return "Z";
  const two = (n: number): string => String(Math.floor(Math.abs(n))).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
