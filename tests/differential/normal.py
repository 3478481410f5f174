"""Observations as JSON, the same for both libraries.

What may differ from run to run becomes a placeholder: an id is ``<id 1>``, ``<id 2>`` in the order
of first sight, so that equal ids stay equal; a time is ``<time>``. A tuple is ``{"tuple": [...]}``,
an exception ``{"raises": [its classes]}`` without its text, a snapshot a mapping of its fields.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["Normaliser", "agree"]

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+]\d\d:\d\d|Z)?")
_TYPED = re.compile(r"^(?:\w+\.)*(\w+)\(")
_ADDRESS = ("checkpoint_id", "checkpoint_ns", "thread_id")
_COMMON = {"object", "BaseException", "Exception", "NbflowError"}


class Normaliser:
    """Turns one program's observation into JSON; one instance per program run."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, BaseException):
            names = [cls.__name__ for cls in type(value).__mro__]
            return {"raises": [n for n in names if n not in _COMMON] or names[:1]}
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            return [self(item) for item in value]
        if isinstance(value, set | frozenset):
            return {type(value).__name__: sorted((self(item) for item in value), key=repr)}
        if isinstance(value, tuple):
            return self._tuple(value)
        return self._object(value)

    def _text(self, text: str) -> str:
        text = _ID.sub(lambda m: self._ids.setdefault(m[0], f"<id {len(self._ids) + 1}>"), text)
        return _TIME.sub("<time>", text)

    def _mapping(self, value: Mapping[Any, Any]) -> Any:
        if not all(isinstance(key, str) for key in value):
            return {"mapping": [[self(k), self(v)] for k, v in value.items()]}
        if isinstance(value.get("configurable"), Mapping):
            return self._config(value)
        plain = {self._text(key): self(value[key]) for key in sorted(value)}
        if {"type", "message", "traceback"} <= set(plain):
            plain["traceback"] = "<traceback>"
        return plain if isinstance(value, dict) else {type(value).__name__: plain}

    def _config(self, value: Mapping[str, Any]) -> Any:
        """Of a configuration, what names a checkpoint."""
        named = value["configurable"]
        return {"configurable": {k: self(named[k]) for k in _ADDRESS if k in named}}

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        fields = getattr(value, "_fields", None)
        if fields is None:
            return {"tuple": [self(item) for item in value]}
        kind = type(value).__name__
        if kind in ("StateSnapshot", "StoredSnapshot"):
            return self._snapshot(value)
        if kind == "PregelTask":
            return self._task(value)
        return {kind: {name: self(getattr(value, name)) for name in fields}}

    def _snapshot(self, value: Any) -> Any:
        """Fields in an order that numbers ids as one reads them."""
        return {
            "values": self(value.values),
            "next": list(value.next),
            "config": self(value.config),
            "parent_config": self(value.parent_config),
            "metadata": self(value.metadata),
            "created_at": self(value.created_at),
            "tasks": [self(task) for task in value.tasks],
            "interrupts": [self(question) for question in value.interrupts],
        }

    def _task(self, value: Any) -> Any:
        return {
            "id": self(value.id),
            "name": self(value.name),
            "path": [self(part) for part in value.path],
            "error": self.kind_of_error(value.error),
            "interrupts": [self(question) for question in value.interrupts],
            "state": self(value.state),
            "result": self(value.result),
        }

    def kind_of_error(self, error: Any) -> Any:
        """A recorded error by its class: LangGraph gives its repr."""
        match = _TYPED.match(error) if isinstance(error, str) else None
        return self(error) if match is None else {"error": match[1]}

    def _object(self, value: Any) -> Any:
        kind = type(value).__name__
        if kind == "Interrupt":
            return self._interrupt(value)
        if kind == "GraphOutput":
            return {kind: {"value": self(value.value), "interrupts": self(value.interrupts)}}
        if hasattr(value, "content") and hasattr(value, "response_metadata"):
            return {kind: self(value.content)}
        if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
            return {kind: {name: self(getattr(value, name)) for name in names}}
        if hasattr(value, "model_dump"):
            return {kind: self(value.model_dump())}
        return {"object": kind}

    def _interrupt(self, value: Any) -> Any:
        shown = {"interrupt": self(value.value), "id": self(value.id)}
        if value.response_schema is not None:
            shown["response_schema"] = self(value.response_schema)
        return shown


def agree(recorded: Any, observed: Any) -> Any:
    """``observed`` with each exception named as the recording names it, if it is one of those.

    nbflow's errors derive from the classes that LangGraph raises, so a program that catches
    LangGraph's class catches nbflow's.
    """
    if isinstance(observed, dict):
        if set(observed) == {"raises"} and isinstance(observed["raises"], list):
            wanted = recorded.get("raises") if isinstance(recorded, dict) else None
            return {"raises": wanted if wanted in observed["raises"] else observed["raises"][0]}
        other = recorded if isinstance(recorded, dict) else {}
        return {key: agree(other.get(key), item) for key, item in observed.items()}
    if isinstance(observed, list):
        others = recorded if isinstance(recorded, list) else []
        padded = [*others, *[None] * len(observed)]
        return [agree(other, item) for other, item in zip(padded, observed, strict=False)]
    return observed
