/** What a language other than English has to have: the same words, in its own. */

import type { strings } from "./en";

type Wide<T> = T extends string
  ? string
  : T extends (...args: infer A) => infer R
    ? (...args: A) => Wide<R>
    : T extends object
      ? { readonly [K in keyof T]: Wide<T[K]> }
      : T;

export type Words = Wide<typeof strings>;
