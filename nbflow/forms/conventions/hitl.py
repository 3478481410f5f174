"""LangChain's ``HITLRequest``: all tool calls of one turn in one question, a decision for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request(Reading):
    calls: tuple[tuple[str, Mapping[str, Any]], ...]

    def answer(self, decided: Sequence[Decided]) -> Any:
        both = zip(decided, self.calls, strict=True)
        return {"decisions": [typed_decision(one, *call) for one, call in both]}

    def decided(self, answer: Any) -> list[Decided]:
        decisions = answer.get("decisions") if isinstance(answer, Mapping) else None
        found = list(map(typed_decided, decisions if isinstance(decisions, list) else []))
        known = [one for one in found if one is not None]
        return known if len(known) == len(found) == len(self.calls) else []

    def place(self, path: Sequence[str | int]) -> list[str | int]:
        at = [part for part in path[1:] if part not in ("edited_action", "args", "message")]
        return at if path[:1] == ["decisions"] else []


def read(payload: Any, schema: dict[str, Any] | None) -> Reading | None:
    """Return what a ``HITLRequest`` asks; None for any other payload.

    >>> reading = read({
    ...     "action_requests": [{"name": "send", "args": {"to": "kim"}}],
    ...     "review_configs": [{"action_name": "send", "allowed_decisions": ["approve", "reject"]}],
    ... }, None)
    >>> reading.title, reading.answer([{"kind": "reject", "value": "Not today."}])
    ('May send run?', {'decisions': [{'type': 'reject', 'message': 'Not today.'}]})
    """
    if not isinstance(payload, Mapping):
        return None
    requests, configs = payload.get("action_requests"), payload.get("review_configs")
    if not (isinstance(requests, list) and requests and isinstance(configs, list) and configs):
        return None
    calls = [_call_of(request) for request in requests]
    known = [call for call in calls if call is not None]
    if len(known) != len(calls):
        return None
    actions = [
        action_of(name, arguments, request.get("description"), *_config_of(name, at, configs))
        for at, ((name, arguments), request) in enumerate(zip(known, requests, strict=True))
    ]
    if not all(action.decisions for action in actions):
        return None
    return _Request(
        title=title_of([name for name, _ in known]), context=[], schema={},
        actions=tuple(actions), calls=tuple(known),
    )  # fmt: skip


def _call_of(request: Any) -> tuple[str, Mapping[str, Any]] | None:
    if not isinstance(request, Mapping):
        return None
    name, arguments = request.get("name"), request.get("args", request.get("arguments"))
    if not isinstance(name, str) or not isinstance(arguments, Mapping):
        return None
    return name, arguments


def _config_of(name: str, at: int, configs: list[Any]) -> tuple[list[str], dict[str, Any] | None]:
    """The decisions allowed for one call, and the schema of its arguments if there is one.

    Each call has its config at the same place; one that is elsewhere is found by its name.
    """
    maps = [config for config in configs if isinstance(config, Mapping)]
    own = maps[at] if len(maps) == len(configs) and at < len(maps) else {}
    if own.get("action_name") != name:
        own = next((config for config in maps if config.get("action_name") == name), {})
    allowed = own.get("allowed_decisions")
    schema = own.get("args_schema")
    return (
        [one for one in allowed if isinstance(one, str)] if isinstance(allowed, list) else [],
        schema if isinstance(schema, dict) else None,
    )
