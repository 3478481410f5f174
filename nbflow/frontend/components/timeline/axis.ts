/**
 * Where a moment lies in the waterfall.
 *
 * Time at work is drawn to scale. What lies between two executions, hours perhaps, gets a narrow
 * gap, so that a run that waited over the weekend can still be read.
 */

import type { Turn } from "../../protocol/log";

export interface Gap {
  /** Shares of the width. */
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
  /** People were waited for; else the run had stopped. */
  readonly asks: boolean;
}

export interface Tick {
  readonly at: number;
  /** Seconds at work until here. */
  readonly seconds: number;
}

export interface Axis {
  /** Seconds at work. */
  readonly total: number;
  readonly gaps: readonly Gap[];
  readonly ticks: readonly Tick[];
  /** The share of the width at which a moment lies, from 0 to 1. */
  at(moment: number): number;
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly right: number;
  /** Seconds at work before it. */
  readonly before: number;
}

const GAP = 0.03;
const ALL_GAPS = 0.3;
const TICKS = 5;
const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400,
];

export function axisOf(turns: readonly Turn[], now: number): Axis {
  const ends = turns.map(({ from, to }) => Math.max(from, to ?? now));
  const total = Math.max(
    1e-4,
    turns.reduce((sum, { from }, at) => sum + ((ends[at] ?? from) - from), 0),
  );
  const last = turns.at(-1);
  const open = last !== undefined && last.to !== null && last.asks;
  const count = Math.max(0, turns.length - (open ? 0 : 1));
  const gap = count === 0 ? 0 : Math.min(GAP, ALL_GAPS / count);
  const scale = (1 - gap * count) / total;
  const pieces: Piece[] = [];
  const gaps: Gap[] = [];
  let left = 0;
  let before = 0;
  turns.forEach(({ from, asks }, at) => {
    const to = ends[at] ?? from;
    const right = left + (to - from) * scale;
    pieces.push({ from, to, left, right, before });
    before += to - from;
    left = right;
    const next = turns[at + 1]?.from ?? (open ? now : null);
    if (next === null) return;
    gaps.push({ from: right, to: right + gap, seconds: Math.max(0, next - to), asks });
    left = right + gap;
  });
  return { total, gaps, ticks: ticksOf(total, pieces), at: (moment) => place(pieces, moment) };
}

function place(pieces: readonly Piece[], moment: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pieces[middle] as Piece).from <= moment) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low];
  if (!piece) return 0;
  const { from, to, left, right } = piece;
  if (to <= from) return left;
  return left + Math.min(1, Math.max(0, (moment - from) / (to - from))) * (right - left);
}

function ticksOf(total: number, pieces: readonly Piece[]): readonly Tick[] {
  const step = stepOf(total / TICKS);
  const ticks: Tick[] = [];
  for (let seconds = 0; seconds <= total && ticks.length < TICKS + 2; seconds += step) {
    const piece = pieces.findLast(({ before }) => before <= seconds) ?? pieces[0];
    if (piece) ticks.push({ at: place([piece], piece.from + seconds - piece.before), seconds });
  }
  return ticks;
}

/** The smallest round number of seconds that is at least so large. */
function stepOf(least: number): number {
  if (least <= 1) {
    const power = 10 ** Math.floor(Math.log10(least));
    return ([1, 2, 5, 10].find((step) => step * power >= least * 0.999) ?? 10) * power;
  }
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}
