/** What stands around every view: a word about the kernel, and a net for errors. */

import { Component, type ErrorInfo, type ReactNode } from "react";
import { PROTOCOL } from "../protocol/messages";
import { Icon } from "./icons";
import { strings } from "./strings";

interface BannerProps {
  /** The kernel's. */
  protocol: number;
  lost: boolean;
  /** There is a form on the page. */
  asking: boolean;
}

export function Banner({ protocol, lost, asking }: BannerProps): ReactNode {
  if (protocol !== PROTOCOL) {
    return <Warning>{strings.connection.protocol(protocol, PROTOCOL)}</Warning>;
  }
  if (!lost) return null;
  return (
    <Warning>
      <strong>{strings.connection.lost}</strong>{" "}
      {asking ? strings.connection.lostForm : strings.connection.lostView}
    </Warning>
  );
}

export function Warning({ children }: { children: ReactNode }): ReactNode {
  return (
    <p className="nbf-banner" role="alert">
      <Icon name="warning" />
      <span>{children}</span>
    </p>
  );
}

/** Keeps an error of one view from taking the page down. */
export class Guard extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error("nbflow", error, info.componentStack);
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <div className="nbf-card">
        <Warning>
          <strong>{strings.run.broken}</strong> {strings.run.brokenHint} {String(this.state.error)}
        </Warning>
      </div>
    );
  }
}
