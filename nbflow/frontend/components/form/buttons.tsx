/** Buttons that change how much there is to fill in. */

import type { ReactNode } from "react";
import { Icon, type IconName } from "../icons";
import { strings } from "../strings";
import { useFormShared } from "./context";

interface IconButtonProps {
  icon: IconName;
  name: string;
  className?: string;
  /** Off for now, but reachable: the focus stays where it was. */
  idle?: boolean;
  onClick: () => void;
}

export function IconButton({
  icon,
  name,
  className = "",
  idle,
  onClick,
}: IconButtonProps): ReactNode {
  const { disabled } = useFormShared();
  return (
    <button
      type="button"
      className={`nbf-button nbf-icon-button ${className}`}
      aria-label={name}
      title={name}
      disabled={disabled}
      aria-disabled={idle || undefined}
      onClick={idle ? undefined : onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

export function RemoveButton({ what, onClick }: { what: string; onClick: () => void }): ReactNode {
  return <IconButton icon="trash" name={strings.question.remove(what)} onClick={onClick} />;
}

export function AddButton({ text, onClick }: { text: string; onClick: () => void }): ReactNode {
  const { disabled } = useFormShared();
  return (
    <button
      type="button"
      className="nbf-button nbf-quiet-button nbf-add"
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name="plus" />
      {text}
    </button>
  );
}
