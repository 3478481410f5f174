/** The active kernel: whether it has nbflow, and channels to it. */

import { Channel, type Frame, type Line } from "./channel";
import type { App, Kernel, Message, SessionContext } from "./host";

/** The comm target that `%load_ext nbflow` registers. */
export const TARGET = "nbflow.panel";

export type KernelState = "no_kernel" | "no_nbflow" | "dead" | "there";

/** Opens a channel to a kernel that has nbflow. */
export function overComm(kernel: Kernel, data: unknown): Line {
  const comm = kernel.createComm(TARGET);
  const channel = new Channel((content) => {
    if (!comm.isDisposed) comm.send(content);
  });
  comm.onMsg = ({ content }) => channel.hear(content.data as Frame);
  comm.onClose = ({ content }) => {
    const said = content.data as Frame | undefined;
    channel.hear({ refused: said?.refused ?? { reason: "closed", message: "" } });
  };
  comm.open(data);
  return {
    channel,
    close() {
      if (!comm.isDisposed && !kernel.isDisposed) comm.close();
    },
  };
}

/**
 * Follows the kernel of the notebook or console that was last in front.
 *
 * A kernel says that it has nbflow by a comm of the target, which any kernel can be asked for: one
 * that has none is asked nothing that it does not know. It is asked when it comes in front, and
 * after each cell or output that may have loaded nbflow.
 */
export class ActiveKernel {
  state: KernelState = "no_kernel";
  kernel: Kernel | null = null;
  name = "";
  readonly #app: App;
  readonly #changed: () => void;
  #context: SessionContext | null = null;
  #asking = false;

  constructor(app: App, changed: () => void) {
    this.#app = app;
    this.#changed = changed;
    app.shell.currentChanged?.connect(() => this.#look());
    void app.restored.then(() => this.#look());
  }

  /** Looks anew whether the kernel has nbflow. */
  readonly ask = (): void => {
    const { kernel } = this;
    if (!kernel || kernel.isDisposed || this.#asking || this.state === "there") return;
    this.#asking = true;
    kernel
      .requestCommInfo({ target_name: TARGET })
      .then(({ content }) => {
        const there = Object.keys((content.comms as object | undefined) ?? {}).length > 0;
        if (kernel === this.kernel && there) this.#set("there");
      })
      .catch(() => {})
      .finally(() => {
        this.#asking = false;
        if (kernel !== this.kernel) this.ask();
      });
  };

  #look(): void {
    const context = this.#app.shell.currentWidget?.sessionContext;
    if (!context || context === this.#context) return;
    this.#context?.kernelChanged.disconnect(this.#onKernel);
    this.#context = context;
    context.kernelChanged.connect(this.#onKernel);
    this.#onKernel();
  }

  readonly #onKernel = (): void => {
    const context = this.#context;
    const kernel = context?.session?.kernel ?? null;
    if (kernel === this.kernel && context?.name === this.name) return;
    this.kernel?.iopubMessage.disconnect(this.#onMessage);
    this.kernel?.statusChanged.disconnect(this.#onStatus);
    this.kernel = kernel;
    this.name = kernel ? (context?.name ?? "") : "";
    kernel?.iopubMessage.connect(this.#onMessage);
    kernel?.statusChanged.connect(this.#onStatus);
    this.#set(kernel === null ? "no_kernel" : kernel.status === "dead" ? "dead" : "no_nbflow");
    this.ask();
  };

  readonly #onStatus = (_kernel: Kernel, status: string): void => {
    if (status === "dead") this.#set("dead");
    else if (/restarting/.test(status)) this.#set("no_nbflow");
  };

  readonly #onMessage = (_kernel: Kernel, message: Message): void => {
    const { msg_type: kind } = message.header;
    const ended =
      kind === "status" &&
      message.content.execution_state === "idle" &&
      message.parent_header.msg_type === "execute_request";
    if (ended || kind === "comm_open") this.ask();
  };

  #set(state: KernelState): void {
    this.state = state;
    this.#changed();
  }
}
