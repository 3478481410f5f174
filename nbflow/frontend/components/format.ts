/** Durations, times and ids for people. */

import type { Preview } from "../protocol/messages";
import { strings } from "./strings";

/** `<1 ms`, `12 ms`, `1.2 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 0.001) return "<1 ms";
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${strings.decimal(seconds, 1)} s`;
  const whole = Math.round(seconds);
  const pad = (n: number): string => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

/** A duration that is still growing, in whole seconds. */
export function ticking(seconds: number): string {
  return seconds < 59.5 ? `${Math.max(0, Math.floor(seconds))} s` : duration(seconds);
}

/** How long something has waited: `34 s`, `5 min`, `3 h`, `2 d`. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  return whole < 172_800
    ? `${Math.floor(whole / 3600)} h`
    : strings.days(Math.floor(whole / 86_400));
}

/** The reader's own way to write dates, where it is one of the page's language. */
const LOCALE = [...navigator.languages, strings.language].find((one) =>
  one.startsWith(strings.language),
);

/** Local date and time, to the second. */
export function localTime(at: Date): string {
  return at.toLocaleString(LOCALE, { dateStyle: "medium", timeStyle: "medium" });
}

/** Local time of the day, to the second. */
export function timeOfDay(at: Date): string {
  return at.toLocaleTimeString(LOCALE);
}

export function utcTime(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with ESC
const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Text without the colour codes of a terminal. */
export function plain(text: string): string {
  return text.replace(ANSI, "");
}

/** A value in one line, JSON without its line breaks. */
export function oneLine({ text, kind }: Preview): string {
  if (kind !== "json") return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 1)
      .replaceAll(/\n\s*/g, " ")
      .replaceAll(/([[{]) | ([\]}])/g, "$1$2");
  } catch {
    return text;
  }
}

/** An id nobody else made; `crypto.randomUUID` does not exist on plain http. */
export function freshId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
