/** Numbers within words. */

export const number = (n: number): string => n.toLocaleString("en");

export const plural = (n: number, one: string, many: string): string =>
  `${number(n)} ${n === 1 ? one : many}`;
