"""agent-inbox's ``HumanInterrupt``, alone or in a list; always answered by a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbflow.forms.arguments import as_proposed, drawn
from nbflow.forms.conventions._tool_calls import action_of, title_of
from nbflow.forms.reading import Action, Reading

if TYPE_CHECKING:
    from nbflow.forms.model import Decided

__all__ = ["read"]

_KIND_OF = {
    "allow_accept": "accept",
    "allow_edit": "edit",
    "allow_respond": "respond",
    "allow_ignore": "ignore",
}
"""What each flag of a request allows, in the order in which it is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interrupts(Reading):
    requests: tuple[Mapping[str, Any], ...]

    def answer(self, decided: Sequence[Decided]) -> Any:
        both = zip(decided, self.requests, strict=True)
        return [_response(one, request) for one, request in both]

    def decided(self, answer: Any) -> list[Decided]:
        found = list(map(_decided, answer if isinstance(answer, list) else []))
        known = [one for one in found if one is not None]
        return known if len(known) == len(found) == len(self.requests) else []

    def place(self, path: Sequence[str | int]) -> list[str | int]:
        return [part for part in path if part != "args"]


def read(payload: Any, schema: dict[str, Any] | None) -> Reading | None:
    """Return what one or several ``HumanInterrupt`` ask; None for any other payload.

    >>> wanted = {"action": "send", "args": {}}
    >>> request = {"action_request": wanted, "config": {"allow_ignore": True}}
    >>> read(request, None).answer([{"kind": "ignore"}])
    [{'type': 'ignore', 'args': None}]
    """
    requests = payload if isinstance(payload, list) else [payload]
    if not requests or not all(map(_is_request, requests)):
        return None
    actions = tuple(map(_action, requests))
    if not all(action.decisions for action in actions):
        return None
    names = [action.name for action in actions]
    return _Interrupts(
        title=title_of(names), context=[], schema={}, actions=actions, requests=tuple(requests)
    )


def _is_request(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    request, config = value.get("action_request"), value.get("config")
    return (
        isinstance(request, Mapping)
        and isinstance(request.get("action"), str)
        and isinstance(request.get("args"), Mapping)
        and isinstance(config, Mapping)
        and any(isinstance(config.get(flag), bool) for flag in _KIND_OF)
    )


def _action(value: Mapping[str, Any]) -> Action:
    request, config = value["action_request"], value["config"]
    return action_of(
        request["action"],
        request["args"],
        value.get("description"),
        [kind for flag, kind in _KIND_OF.items() if config.get(flag) is True],
        kinds=tuple(_KIND_OF.values()),
    )


def _response(decided: Decided, value: Mapping[str, Any]) -> dict[str, Any]:
    request, kind = value["action_request"], decided["kind"]
    may_edit, may_accept = (
        value["config"].get(flag) is True for flag in ("allow_edit", "allow_accept")
    )
    if kind == "respond":
        return {"type": "response", "args": decided["value"]}
    if kind == "edit":
        edited = as_proposed(decided["value"], request["args"])
        if edited is not request["args"] or not may_accept:
            args = {"action": request["action"], "args": dict(edited)}
            return {"type": "edit", "args": args}
        kind = "accept"  # nothing was changed
    if kind == "accept":
        return {"type": "accept", "args": dict(request) if may_edit else None}
    return {"type": kind, "args": None}


def _decided(response: Any) -> Decided | None:
    if not isinstance(response, Mapping):
        return None
    kind, args = response.get("type"), response.get("args")
    if kind == "edit" and isinstance(args, Mapping):
        return {"kind": "edit", "value": drawn(args.get("args"))}
    if kind == "response" and isinstance(args, str):
        return {"kind": "respond", "value": args}
    return {"kind": kind} if kind in ("accept", "ignore") else None
