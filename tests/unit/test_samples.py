"""The sample forms whose own data do not fit: the kernel refuses what the page holds back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbflow._json_schema import validator_of

_FOLDER = Path(__file__).parents[1] / "samples"

# Its schema writes a tuple as older drafts do, without saying which draft it is of.
_NO_2020_12 = {"rjsf: nameGenerator: bracketNameGenerator: fixed array"}


def _read(path: str) -> Any:
    return json.loads((_FOLDER / path).read_text(encoding="utf-8"))


def test_the_kernel_refuses_what_the_page_holds_back_and_nothing_else() -> None:
    held = {name for group in _read("held_back.json") for name in group["samples"]}
    refused = set()
    for gallery in ("jsonforms", "rjsf"):
        for sample in _read(f"{gallery}/samples.json"):
            name = f"{gallery}: {sample['name']}"
            if name in _NO_2020_12 or "data" not in sample:
                continue
            if not validator_of(sample["schema"]).is_valid(sample["data"]):
                refused.add(name)
    assert refused == held


def test_the_galleries_are_whole_and_each_has_its_licence() -> None:
    counts = {name: len(_read(f"{name}/samples.json")) for name in ("jsonforms", "rjsf")}
    assert counts == {"jsonforms": 75, "rjsf": 88}
    assert "MIT License" in (_FOLDER / "jsonforms/LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in (_FOLDER / "rjsf/LICENSE.md").read_text(encoding="utf-8")
