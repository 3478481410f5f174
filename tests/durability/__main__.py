"""``make durability``: the whole form of the tests that kill, and what was survived.

    python -m tests.durability --seed 7 --kills 200 --minutes 10

The seed is printed first; with the same one the same kills are tried again, as far as they do not
go by the clock. Forms that the time does not suffice for are cut short, and the figures say so.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from tests.durability.crashes import FORMS, Figures, crash

_HEADINGS = {"form": "form", "kills": "kills survived", "runs": "runs ended",
             "operations": "operations checked", "repeated": "run again",
             "unknown": "known to be unknown", "lost": "lost", "twice": "twice"}  # fmt: skip


def _table(found: Sequence[Figures]) -> str:
    columns = [field.name for field in fields(Figures) if field.name in _HEADINGS]
    rows = [[f"{getattr(one, name):,}" if name != "form" else one.form for name in columns]
            for one in found]  # fmt: skip
    total = [f"{sum(astuple(one)[at] for one in found):,}"
             for at, field in enumerate(fields(Figures)) if field.name in columns[1:]]  # fmt: skip
    lines = [[_HEADINGS[name] for name in columns], *rows, ["together", *total]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.durability", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--kills", type=int, default=200, help="of each form")
    parser.add_argument("--minutes", type=float, default=10.0, help="for all forms together")
    asked = parser.parse_args()
    print(f"seed {asked.seed}: {', '.join(FORMS)}", flush=True)
    found, until = [], time.monotonic() + 60 * asked.minutes
    for before, form in enumerate(FORMS):
        now = time.monotonic()
        end = now + (until - now) / (len(FORMS) - before)
        with tempfile.TemporaryDirectory() as folder:
            found.append(crash(form, asked.kills, asked.seed, Path(folder), end))
        print(f"{form}: {found[-1].kills} of {asked.kills} kills survived", flush=True)
    print(_table(found))


if __name__ == "__main__":
    main()
