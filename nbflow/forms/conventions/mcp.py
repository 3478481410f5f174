"""An elicitation of the Model Context Protocol: a server asks for data, or for a visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbflow.forms.conventions.plain import split_title
from nbflow.forms.fields import field_of
from nbflow.forms.reading import DEFAULT_TITLE, Action, Decision, Reading

if TYPE_CHECKING:
    from nbflow.forms.model import Decided

__all__ = ["read"]

_METHOD = "elicitation/create"
_KINDS = ("accept", "decline", "cancel")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elicitation(Reading):
    def answer(self, decided: Sequence[Decided]) -> Any:
        one = decided[0]
        result: dict[str, Any] = {"action": one["kind"]}
        return {**result, "content": one["value"]} if "value" in one else result

    def decided(self, answer: Any) -> list[Decided]:
        kind = answer.get("action") if isinstance(answer, Mapping) else None
        if kind not in _KINDS:
            return []
        content = answer.get("content")
        return [{"kind": kind, "value": content} if content is not None else {"kind": kind}]

    def place(self, path: Sequence[str | int]) -> list[str | int]:
        return [0, *path[1:]] if path[:1] == ["content"] else []


def read(payload: Any, schema: dict[str, Any] | None) -> Reading | None:
    """Return what an ``elicitation/create`` request asks; None for any other payload.

    >>> params = {"message": "Your name?", "requestedSchema": {"type": "object"}}
    >>> reading = read({"method": "elicitation/create", "params": params}, None)
    >>> reading.answer([{"kind": "accept", "value": {"name": "Kim"}}])
    {'action': 'accept', 'content': {'name': 'Kim'}}
    """
    if not isinstance(payload, Mapping) or payload.get("method") != _METHOD:
        return None
    params = payload.get("params")
    if not isinstance(params, Mapping) or not isinstance(params.get("message"), str):
        return None
    wanted, url = params.get("requestedSchema"), params.get("url")
    if not isinstance(wanted, dict) and not isinstance(url, str):
        return None
    title, rest = split_title(params["message"])
    context = [field_of("", rest)] if rest else []
    if isinstance(url, str):
        context.append({"label": "Address", "kind": "text", "value": url})
    decisions = (
        Decision(kind="accept", schema=_ticked(wanted) if isinstance(wanted, dict) else None),
        Decision(kind="decline"),
        Decision(kind="cancel"),
    )
    action = Action(name="", context=[], decisions=decisions, preferred=0)
    return _Elicitation(title=title or DEFAULT_TITLE, context=context, schema={}, actions=(action,))


def _ticked(schema: dict[str, Any]) -> dict[str, Any]:
    """Say of each list of choices that it holds none twice, as the specification means it."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return schema
    return {**schema, "properties": {name: _once(part) for name, part in properties.items()}}


def _once(part: Any) -> Any:
    items = part.get("items") if isinstance(part, dict) and part.get("type") == "array" else None
    if not isinstance(items, dict) or not any(key in items for key in ("enum", "anyOf", "oneOf")):
        return part
    return {"uniqueItems": True, **part}
