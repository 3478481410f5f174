"""Uses a database until it is interrupted, again and again; a program for ``test_ctrl_c``."""

from __future__ import annotations

import sys
from typing import Any

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint


def main(path: str, how: str, rounds: int) -> None:
    saver = SqliteSaver(path)
    config: Any = {"configurable": {"thread_id": "t"}}

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> int:
        return n

    def use() -> None:
        if how == "read":
            workflow.get_state(config)
        else:
            workflow.update_state(config, 1)

    workflow.update_state(config, 0)
    told = "ready"
    for _ in range(rounds):
        try:
            print(told, flush=True)  # whoever reads it may interrupt from then on
            while True:
                use()
        except KeyboardInterrupt:
            told = str(len(saver.list_threads()))
    print(told, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
