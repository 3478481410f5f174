"""``python -m tests.differential.record [THEME ...]``: record anew what LangGraph shows."""

from __future__ import annotations

import sys

from tests.differential.recording import record, themes, write


def main(chosen: list[str]) -> None:
    for theme in chosen or themes():
        recording = record(theme)
        write(theme, recording)
        entries = recording["programs"]
        apart = [name for name, entry in entries.items() if "observation" not in entry]
        print(f"{theme}: {len(entries)} programs", f"savers differ: {apart}" if apart else "")


if __name__ == "__main__":
    main(sys.argv[1:])
