"""What the conventions for tool calls have in common: their actions and their decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nbflow.forms.arguments import as_proposed, drawn, fields_of, schema_of
from nbflow.forms.fields import field_of
from nbflow.forms.reading import NOTHING, Action, Decision

if TYPE_CHECKING:
    from nbflow.forms.model import Decided

__all__ = ["MESSAGE", "REASON", "action_of", "title_of", "typed_decided", "typed_decision"]

REASON: dict[str, Any] = {"type": "string", "title": "Reason"}
MESSAGE: dict[str, Any] = {"type": "string", "title": "Message", "minLength": 1}

_LANGCHAIN = ("approve", "edit", "reject", "respond")


def title_of(names: list[str]) -> str:
    """Return the question about so many tool calls.

    >>> title_of(["send_email"]), title_of(["send_email", "delete_files"])
    ('May send_email run?', 'Decide on 2 actions')
    >>> title_of(["Approve the plan"])
    'Approve the plan'
    """
    if len(names) > 1:
        return f"Decide on {len(names)} actions"
    return f"May {names[0]} run?" if names[0].isidentifier() else names[0]


def action_of(
    name: str,
    arguments: Mapping[str, Any],
    description: Any,
    allowed: Iterable[str],
    schema: dict[str, Any] | None = None,
    *,
    kinds: tuple[str, ...] = _LANGCHAIN,
) -> Action:
    """Return the action that one tool call is.

    Args:
        allowed: what may be decided; what is none of ``kinds`` is left out.
        schema: of the arguments; made up from their values when it is None.
        kinds: the decisions that the convention knows, in the order in which they are offered.
    """
    from nbflow.forms.schema import without_secrets  # which reads questions by this module

    initial = drawn(arguments)
    known = set(allowed)
    shown = without_secrets(arguments, schema)
    shown = shown if isinstance(shown, Mapping) else {"arguments": shown}
    edit = {"type": "object", **(schema or schema_of(arguments))}
    offered = {
        "approve": Decision(kind="approve"),
        "accept": Decision(kind="accept"),
        "edit": Decision(kind="edit", schema=edit, initial=NOTHING if initial is None else initial),
        "reject": Decision(kind="reject", schema=REASON, optional=True),
        "respond": Decision(kind="respond", schema=MESSAGE),
        "ignore": Decision(kind="ignore"),
    }
    described = isinstance(description, str) and description.strip()
    return Action(
        name=name,
        context=[*([field_of("", description)] if described else []), *fields_of(shown)],
        decisions=tuple(offered[kind] for kind in kinds if kind in known),
    )


def typed_decision(decided: Decided, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision in LangChain's shape. The tool's name is the proposed one, always."""
    kind = decided["kind"]
    if kind == "edit":
        edited = as_proposed(decided["value"], arguments)
        return {"type": "edit", "edited_action": {"name": name, "args": dict(edited)}}
    if "value" in decided:
        return {"type": kind, "message": decided["value"]}
    return {"type": kind}


def typed_decided(decision: Any) -> Decided | None:
    """Return what a decision in LangChain's shape says; None for another shape."""
    kind = decision.get("type") if isinstance(decision, Mapping) else None
    if kind == "edit" and isinstance(decision.get("edited_action"), Mapping):
        return {"kind": kind, "value": drawn(decision["edited_action"].get("args"))}
    if kind in ("reject", "respond") and isinstance(decision.get("message"), str):
        return {"kind": kind, "value": decision["message"]}
    return {"kind": kind} if kind in ("approve", "reject") else None
