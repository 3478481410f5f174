"""What the kernel and the page make of JSON-Schema-Test-Suite and of two galleries of forms:
`make forms-report`.

The page's part is the real form in jsdom, `nbflow/frontend/test/roundtrip.test.tsx` and
`samples.test.tsx`; they hold the lists of what is not sent back, of what is left to the kernel and
of what is held back exactly, and fail otherwise.
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
_SAMPLES = _ROOT / "tests" / "samples"


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


def _page(test: str, variable: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures.json"
        subprocess.run(
            ["npx", "vitest", "run", f"test/{test}.test.tsx"],
            cwd=_ROOT / "nbflow" / "frontend",
            env={**os.environ, variable: str(figures)},
            check=True,
            stdout=sys.stderr,
        )
        found: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
        return found


def _named(file: str) -> str:
    lists = json.loads((_SUITE / file).read_text(encoding="utf-8"))
    lines = [f"- {len(one['tests'])}: {one['reason']}" for one in lists]
    return "\n".join(lines) or "None."


def _held() -> str:
    lists = json.loads((_SAMPLES / "held_back.json").read_text(encoding="utf-8"))
    return "\n".join(f"- {one['reason']} {', '.join(one['samples'])}." for one in lists)


def _samples() -> str:
    found = _page("samples", "SAMPLES_REPORT")
    rows = "\n".join(
        f"| {name} | {one['drawn']} of {one['given']} | {one['sent']} | {one['held']} |"
        for name, one in found["figures"].items()
    )
    remarks = "\n".join(f"- {name}: {' '.join(said)}" for name, said in found["remarked"].items())
    return f"""## Galleries of forms (`tests/samples`)

| gallery | drawn, with nothing for axe to find | sent back equal, untouched | held back |
|---|---|---|---|
{rows}

The others have no data to send back. Of each, the fields of the schema are there; layouts, rules
and widgets that these libraries keep beside it are not read. The largest sample is looked at by
axe in Chromium (`tests/browser/test_looks.py`), all others in jsdom as well.

What is not drawn as a field, with what the form says of it:

{remarks or "None."}

Held back, with an error that is named; the kernel refuses the same:

{_held()}
"""


def report() -> str:
    kernel, page = _kernel(), _page("roundtrip", "FORMS_REPORT")
    verdicts = page["page"]
    return f"""# What the forms make of JSON-Schema-Test-Suite and of other forms

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

{_samples()}"""


if __name__ == "__main__":
    text = report()
    print(text)
    if "--write" in sys.argv[1:]:
        (_SUITE / "REPORT.md").write_text(text, encoding="utf-8")
