/** rjsf would parse descriptions as Markdown; ours are text, so its parser stays out. */

export function Markdown({ children }: { children: string }): string {
  return children;
}
