"""LangChain's ``ToolApprovalRequest``: a question for each tool call, answered by one decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbflow.forms.conventions._tool_calls import (
    action_of,
    title_of,
    typed_decided,
    typed_decision,
)
from nbflow.forms.reading import Reading

if TYPE_CHECKING:
    from nbflow.forms.model import Decided

__all__ = ["read"]

_ALL = ["approve", "edit", "reject", "respond"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request(Reading):
    name: str
    arguments: Mapping[str, Any]

    def answer(self, decided: Sequence[Decided]) -> Any:
        return typed_decision(decided[0], self.name, self.arguments)

    def decided(self, answer: Any) -> list[Decided]:
        found = typed_decided(answer)
        return [] if found is None else [found]

    def place(self, path: Sequence[str | int]) -> list[str | int]:
        """Where a fault lies; Pydantic begins with the branch that it judged by."""
        at = list(path[1:] if path[:1] and path[0] in _ALL else path)
        return [0, *[part for part in at if part not in ("edited_action", "args", "message")]]


def read(payload: Any, schema: dict[str, Any] | None) -> Reading | None:
    """Return what a ``ToolApprovalRequest`` asks; None for any other payload.

    >>> call = {"type": "tool_approval", "tool_call_id": "1", "name": "send", "args": {"to": "kim"}}
    >>> read(call, None).answer([{"kind": "edit", "value": {"to": "lee"}}])
    {'type': 'edit', 'edited_action': {'name': 'send', 'args': {'to': 'lee'}}}
    """
    if not isinstance(payload, Mapping) or payload.get("type") != "tool_approval":
        return None
    name, arguments = payload.get("name"), payload.get("args")
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        return None
    branches = {} if schema is None else dict(_branches(schema))
    edited = _arguments_of(branches.get("edit"), schema)
    allowed = [*branches] if branches else _ALL
    action = action_of(name, arguments, payload.get("description"), allowed, edited)
    if not action.decisions:
        return None
    return _Request(
        title=title_of([name]), context=[], schema={}, actions=(action,), name=name,
        arguments=arguments,
    )  # fmt: skip


def _branches(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The decisions that a schema describes, by their ``type``."""
    for key in ("oneOf", "anyOf"):
        for branch in schema.get(key) or ():
            yield from _branches(_resolved(branch, schema))
    properties = schema.get("properties")
    kind = properties.get("type") if isinstance(properties, Mapping) else None
    if isinstance(kind, Mapping) and isinstance(kind.get("const"), str):
        yield kind["const"], schema


def _arguments_of(
    branch: dict[str, Any] | None, root: dict[str, Any] | None
) -> dict[str, Any] | None:
    """The schema of the edited arguments, with the definitions that it refers to."""
    if branch is None or root is None:
        return None
    node = branch
    for name in ("edited_action", "args"):
        properties = node.get("properties")
        if not isinstance(properties, Mapping) or name not in properties:
            return None
        node = _resolved(properties[name], root)
    kept = ("$defs", "definitions")
    definitions: dict[str, Any] = {key: root[key] for key in kept if key in root}
    return {**definitions, **node}


def _resolved(node: Any, root: dict[str, Any]) -> dict[str, Any]:
    """A part of a schema, or what it refers to in it."""
    for _ in range(20):
        ref = node.get("$ref") if isinstance(node, Mapping) else None
        if not isinstance(ref, str) or not ref.startswith("#/"):
            break
        node = root
        for step in ref[2:].split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
    return dict(node) if isinstance(node, Mapping) else {}
