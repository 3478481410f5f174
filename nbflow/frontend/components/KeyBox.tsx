/** A list of keys and what they do; it takes the focus when it opens. */

import { type ReactNode, useEffect, useRef } from "react";
import { strings } from "./strings";

/** Keys, and what they do. */
export type KeyRow = readonly [readonly string[], string];

interface Props {
  label: string;
  rows: readonly KeyRow[];
  onClose: () => void;
  className?: string;
}

export function KeyBox({ label, rows, onClose, className = "" }: Props): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: nothing in here is to be filled in
    <div
      className={`nbf-keys ${className}`.trim()}
      role="group"
      aria-label={label}
      tabIndex={-1}
      ref={box}
    >
      <dl>
        {rows.map(([keys, text]) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key} className="nbf-kbd">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="nbf-button nbf-quiet-button" onClick={onClose}>
        {strings.keys.close}
      </button>
    </div>
  );
}
