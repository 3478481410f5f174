/** Small icons, drawn in the colour of the text around them and silent to screen readers. */

import type { ReactNode } from "react";

export type IconName =
  | "cancelled"
  | "chevron"
  | "copy"
  | "cross"
  | "done"
  | "failed"
  | "inbox"
  | "plus"
  | "question"
  | "refresh"
  | "running"
  | "search"
  | "trash"
  | "warning";

const PATHS: Record<IconName, ReactNode> = {
  running: <path d="M8 2a6 6 0 1 1-5.2 3" />,
  done: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="m5.2 8.2 2 2 3.6-4.2" />
    </>
  ),
  failed: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
    </>
  ),
  cancelled: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M3.8 12.2 12.2 3.8" />
    </>
  ),
  question: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M6.2 6.4a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.2M8 11.4v.1" />
    </>
  ),
  warning: (
    <>
      <path d="M8 2.2 14.4 13.4H1.6Z" />
      <path d="M8 6.4v3.2M8 11.5v.1" />
    </>
  ),
  chevron: <path d="m6 4 4 4-4 4" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.4" />
      <path d="m10.4 10.4 3.4 3.4" />
    </>
  ),
  refresh: <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5V5h-2.5" />,
  cross: <path d="m4 4 8 8m0-8-8 8" />,
  inbox: <path d="M2.5 9.5 4.6 3h6.8l2.1 6.5V13h-11V9.5h3.2c.2 1.4 1 2 2.3 2s2.1-.6 2.3-2h3.2" />,
  plus: <path d="M8 3.5v9M3.5 8h9" />,
  trash: <path d="M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="7.5" height="7.5" rx="1.2" />
      <path d="M10.5 5.5V3H3v7.5h2.5" />
    </>
  ),
};

export function Icon({ name, className = "" }: { name: IconName; className?: string }): ReactNode {
  return (
    <svg
      className={`nbf-icon nbf-icon-${name} ${className}`}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {PATHS[name]}
    </svg>
  );
}
