"""What the kernel and the page make of JSON-Schema-Test-Suite: `make forms-report`.

The page's part is the real form in jsdom, `nbflow/frontend/test/roundtrip.test.tsx`; it holds the
lists of what is not sent back and of what is left to the kernel exactly, and fails otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from nbflow._json_schema import validator_of
from tests.unit.json_schema_suite import CASES

_ROOT = Path(__file__).parents[1]
_SUITE = _ROOT / "tests" / "json_schema_suite"


def _kernel() -> Counter[str]:
    found: Counter[str] = Counter()
    for case in CASES:
        try:
            verdict = validator_of(case.schema).is_valid(case.value)
        except ValueError:
            found["refused"] += 1
            continue
        found["right" if verdict is case.valid else "wrong"] += 1
    return found


def _page() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        subprocess.run(
            ["npx", "vitest", "run", "test/roundtrip.test.tsx"],
            cwd=_ROOT / "nbflow" / "frontend",
            env={**os.environ, "FORMS_REPORT": str(figures)},
            check=True,
            stdout=sys.stderr,
        )
        found: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
        return found


def _named(file: str) -> str:
    lists = json.loads((_SUITE / file).read_text(encoding="utf-8"))
    lines = [f"- {len(one['tests'])}: {one['reason']}" for one in lists]
    return "\n".join(lines) or "None."


def report() -> str:
    kernel, page = _kernel(), _page()
    verdicts = page["page"]
    return f"""# What the forms make of JSON-Schema-Test-Suite

Written by `make forms-report WRITE=1`, over the {len(CASES)} required tests of draft 2020-12.

| verdicts | right | left to the kernel | refused | wrong |
|---|---|---|---|---|
| kernel | {kernel["right"]} | - | {kernel["refused"]} | {kernel["wrong"]} |
| page | {verdicts["right"]} | {verdicts["left"]} | - | {verdicts["wrong"]} |

| round trip through the form | tests | of |
|---|---|---|
| valid, sent back equal untouched | {page["untouched"]} | {page["valid"]} |
| valid, sent back equal after an edit that was taken back | {page["edited"]} | {page["valid"]} |
| invalid, with its error named on the page | {page["named"]} | {page["invalid"]} |
| invalid, left to the kernel | {page["left"]} | {page["invalid"]} |

Equal is the same JSON text, the order of keys included.

## Left to the kernel (`left_to_the_kernel.json`)

{_named("left_to_the_kernel.json")}

## Not sent back as it came (`not_sent_back.json`)

{_named("not_sent_back.json")}
"""


if __name__ == "__main__":
    text = report()
    print(text)
    if "--write" in sys.argv[1:]:
        (_SUITE / "REPORT.md").write_text(text, encoding="utf-8")
