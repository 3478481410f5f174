/** A clock that components can follow, one timer each, stopped when nothing runs. */

import { useEffect, useState } from "react";

/** Seconds since the epoch, renewed every second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    if (!running) return;
    const tick = (): void => setNow(Date.now() / 1000);
    tick();
    const timer = window.setInterval(tick, 1000);
    return () => window.clearInterval(timer);
  }, [running]);
  return now;
}
