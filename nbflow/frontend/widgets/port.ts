/** The channel of an anywidget model, or of what stands in for one, as a client takes it. */

import type { Model } from "./model";
import type { Port } from "./talk";

export function portOf<Hears, Says extends { type: string }, State>(
  model: Model,
): Port<Hears, Says, State> {
  return {
    send(message) {
      try {
        model.send(message);
      } catch (error) {
        // A comm whose kernel is gone may throw; the silence that follows tells the person.
        console.warn("nbflow: not sent", message.type, error);
      }
    },
    snapshot: () => model.get("snapshot") as State,
    onMessage(listener) {
      const hear = (message: Hears): void => listener(message);
      model.on("msg:custom", hear);
      return () => model.off("msg:custom", hear);
    },
    onSnapshot(listener) {
      model.on("change:snapshot", listener);
      return () => model.off("change:snapshot", listener);
    },
  };
}
