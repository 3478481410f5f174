"""The required tests of JSON-Schema-Test-Suite, draft 2020-12, as cases with whole schemas.

Nothing outside a schema is read, here as in nbflow: the remote schemas of the suite are put under
``$defs`` of each schema that names their host, as the specification has it for bundles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CASES", "Case"]

_FOLDER = Path(__file__).parents[1] / "json_schema_suite"
_HOST = "http://localhost:1234/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    schema: Any
    value: Any
    valid: bool


def _remotes() -> list[dict[str, Any]]:
    folder = _FOLDER / "remotes"
    return [
        {"$id": _HOST + path.relative_to(folder).as_posix()}
        | json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.json"))
    ]


def _whole(schema: Any, remotes: list[dict[str, Any]]) -> Any:
    """The schema with the remote ones that it needs, however far away."""
    if not isinstance(schema, dict):
        return schema
    kept: list[dict[str, Any]] = []
    todo = [schema]
    while todo:
        text = json.dumps(todo.pop())
        needed = [one for one in remotes if one not in kept and _file_of(one) in text]
        kept += needed
        todo += needed
    own = json.dumps(schema)
    defs = [one for one in kept if f'"$id": {json.dumps(one["$id"])}' not in own]
    if not defs:
        return schema
    named = {f"remote {n}": one for n, one in enumerate(defs)}
    return {**schema, "$defs": {**schema.get("$defs", {}), **named}}


def _file_of(remote: dict[str, Any]) -> str:
    return str(remote["$id"]).rsplit("/", 1)[-1]


def _cases() -> Iterator[Case]:
    remotes = _remotes()
    for path in sorted((_FOLDER / "draft2020-12").glob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8")):
            schema = _whole(group["schema"], remotes)
            for test in group["tests"]:
                yield Case(
                    name=f"{path.stem}: {group['description']}: {test['description']}",
                    schema=schema, value=test["data"], valid=test["valid"],
                )  # fmt: skip


CASES = tuple(_cases())
