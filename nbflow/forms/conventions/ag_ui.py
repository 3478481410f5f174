"""AG-UI's interrupts: one or several, each resolved with a payload or cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbflow.forms.conventions.plain import split_title
from nbflow.forms.fields import field_of, label_of
from nbflow.forms.reading import DEFAULT_TITLE, Action, Decision, Reading

if TYPE_CHECKING:
    from nbflow.forms.model import Decided

__all__ = ["read"]

_CONFIRM: dict[str, Any] = {
    "type": "object",
    "properties": {"approved": {"type": "boolean", "title": "Approved"}},
    "required": ["approved"],
}
_STATUS = {"resolve": "resolved", "cancel": "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interrupts(Reading):
    ids: tuple[str, ...]

    def answer(self, decided: Sequence[Decided]) -> Any:
        return [
            {"interruptId": name, "status": _STATUS[one["kind"]]}
            | ({"payload": one["value"]} if "value" in one else {})
            for name, one in zip(self.ids, decided, strict=True)
        ]

    def decided(self, answer: Any) -> list[Decided]:
        entries = answer if isinstance(answer, list) else []
        by_id = {one.get("interruptId"): one for one in entries if isinstance(one, Mapping)}
        found: list[Decided] = []
        for name in self.ids:
            kind = _kind_of(by_id.get(name, {}).get("status"))
            if kind is None:
                return []
            one: Decided = {"kind": kind}
            if "payload" in by_id[name]:
                one["value"] = by_id[name]["payload"]
            found.append(one)
        return found

    def place(self, path: Sequence[str | int]) -> list[str | int]:
        return [part for at, part in enumerate(path) if not (at == 1 and part == "payload")]


def read(payload: Any, schema: dict[str, Any] | None) -> Reading | None:
    """Return what AG-UI interrupts ask; None for any other payload.

    >>> reading = read({"id": "i1", "reason": "confirmation", "message": "Send it?"}, None)
    >>> reading.title, reading.answer([{"kind": "resolve", "value": {"approved": True}}])
    ('Send it?', [{'interruptId': 'i1', 'status': 'resolved', 'payload': {'approved': True}}])
    """
    interrupts = _interrupts_in(payload)
    if not interrupts:
        return None
    actions = tuple(map(_action, interrupts))
    ids = tuple(str(one["id"]) for one in interrupts)
    if len(set(ids)) != len(ids):
        return None
    title, context = f"Decide on {len(actions)} questions", []
    if len(actions) == 1:
        title, rest = split_title(interrupts[0].get("message") or "")
        context = [field_of("", rest)] if rest else []
        actions = (replace(actions[0], name=""),)  # the title says it already
    return _Interrupts(
        title=title or DEFAULT_TITLE, context=context, schema={}, actions=actions, ids=ids
    )


def _interrupts_in(payload: Any) -> list[Mapping[str, Any]]:
    """The interrupts of a payload: itself, a list, or the outcome of a run that holds them."""
    if isinstance(payload, Mapping):
        outcome = payload.get("outcome")
        if isinstance(outcome, Mapping) and outcome.get("type") == "interrupt":
            payload = outcome
        if isinstance(payload.get("interrupts"), list):
            payload = payload["interrupts"]
    found = payload if isinstance(payload, list) else [payload]
    return found if all(map(_is_interrupt, found)) else []


def _is_interrupt(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    texts = [value.get(key) for key in ("id", "reason")]
    known = ("message", "toolCallId", "responseSchema", "expiresAt", "metadata")
    return all(isinstance(text, str) and text for text in texts) and any(
        key in value for key in known
    )


def _action(value: Mapping[str, Any]) -> Action:
    wanted = value.get("responseSchema")
    if not isinstance(wanted, dict):
        wanted = _CONFIRM if value["reason"] in ("confirmation", "tool_call") else {}
    context = [
        field_of(label_of(key), value[key])
        for key in ("reason", "toolCallId", "expiresAt", "metadata")
        if value.get(key) not in (None, {}) and (key, value[key]) != ("reason", "input_required")
    ]
    message = value.get("message")
    name = message if isinstance(message, str) else str(value["reason"])
    decisions = (Decision(kind="resolve", schema=wanted), Decision(kind="cancel"))
    return Action(name=split_title(name)[0], context=context, decisions=decisions, preferred=0)


def _kind_of(status: Any) -> str | None:
    return next((kind for kind, known in _STATUS.items() if known == status), None)
