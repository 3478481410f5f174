/** Numbers within words, as a language writes them. */

interface Numbers {
  number(n: number): string;
  /** With as many digits after the point as asked for. */
  decimal(n: number, digits: number): string;
  plural(n: number, one: string, many: string): string;
}

export function numbersIn(language: string): Numbers {
  const number = (n: number): string => n.toLocaleString(language);
  return {
    number,
    decimal: (n, digits) =>
      n.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    plural: (n, one, many) => `${number(n)} ${n === 1 ? one : many}`,
  };
}

/** In bytes, kB or MB. */
export const sizesIn =
  ({ decimal, plural }: Numbers, one: string, many: string) =>
  (bytes: number): string =>
    bytes < 1000
      ? plural(bytes, one, many)
      : bytes < 1e6
        ? `${decimal(bytes / 1000, 1)} kB`
        : `${decimal(bytes / 1e6, 1)} MB`;
