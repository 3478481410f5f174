"""Reads a database until it is interrupted, again and again; a program for ``test_ctrl_c``."""

from __future__ import annotations

import sys

from nbflow.checkpoint.sqlite import SqliteSaver


def main(path: str, rounds: int) -> None:
    saver = SqliteSaver(path)
    told = "ready"
    for _ in range(rounds):
        try:
            print(told, flush=True)  # whoever reads it may interrupt from then on
            while True:
                saver.get_thread("t")
        except KeyboardInterrupt:
            told = str(len(saver.list_threads()))
    print(told, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
