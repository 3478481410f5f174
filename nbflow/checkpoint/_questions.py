"""A question and its answer as they are stored: the values of ``ask`` and ``answer`` ops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbflow import serde
from nbflow.errors import CorruptDataError

__all__ = ["StoredAnswer", "StoredQuestion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredQuestion:
    """What ``interrupt`` asked, and on which terms."""

    value: Any
    schema: dict[str, Any] | None
    by_code: bool = False
    """Whether the code judges more than the JSON Schema can say."""
    timeout_s: float | None = None
    """Seconds from the asking; None for any time."""
    on_timeout: str = "fail"
    default: Any = None
    assignees: tuple[str, ...] = ()
    key: str | None = None

    def encoded(self) -> bytes:
        """As the value of an op; what was left as it is takes no room.

        Raises:
            NotSerializableError: the path begins at this record.
        """
        facts: dict[str, Any] = {"value": self.value, "schema": self.schema}
        if self.by_code:
            facts["by_code"] = True
        if self.timeout_s is not None:
            facts |= {"timeout_s": self.timeout_s, "on_timeout": self.on_timeout}
            if self.on_timeout == "default":
                facts["default"] = self.default
        if self.assignees:
            facts["assignees"] = self.assignees
        if self.key:
            facts["key"] = self.key
        return serde.dumps(facts)

    @classmethod
    def decoded(cls, data: bytes | None) -> StoredQuestion:
        """The question that an op's value holds.

        Raises:
            CorruptDataError: it holds none.
        """
        facts = _facts(data, "question", {"value", "schema"})
        assignees, timeout_s = facts.get("assignees", ()), facts.get("timeout_s")
        schema, key = facts["schema"], facts.get("key")
        if (
            not isinstance(assignees, tuple | list)
            or not isinstance(schema, dict | None)
            or not isinstance(key, str | None)
            or not (timeout_s is None or _is_time(timeout_s))
        ):
            raise _corrupt("question")
        return cls(
            value=facts["value"], schema=schema, by_code=facts.get("by_code") is True,
            timeout_s=timeout_s, on_timeout=str(facts.get("on_timeout", "fail")),
            default=facts.get("default"), assignees=tuple(map(str, assignees)),
            key=key,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """What was answered, by whom and how."""

    data: bytes | None
    """The encoded answer; None when the time was up and there is none."""
    by: str | None
    """Who; None when it was the clock."""
    via: str
    """As :class:`~nbflow.identity.Responder` says, or ``timeout``."""
    where: str = ""
    at: float = 0.0
    """Seconds since the epoch."""
    judged: bool = False
    """Whether the code has judged it."""

    @property
    def value(self) -> Any:
        """The answer; None where there is none."""
        return None if self.data is None else serde.loads(self.data)

    def encoded(self) -> bytes:
        """As the value of an op."""
        return serde.dumps([self.data, self.by, self.via, self.where, self.at, self.judged])

    @classmethod
    def decoded(cls, data: bytes | None) -> StoredAnswer:
        """The answer that an op's value holds.

        Raises:
            CorruptDataError: it holds none.
        """
        facts = None if data is None else serde.loads(data)
        if not isinstance(facts, list) or len(facts) != len(_PARTS):
            raise _corrupt("answer")
        if not all(isinstance(fact, kind) for fact, kind in zip(facts, _PARTS, strict=True)):
            raise _corrupt("answer")
        given, by, via, where, at, judged = facts
        if not _is_time(at):
            raise _corrupt("answer")
        return cls(data=given, by=by, via=via, where=where, at=at, judged=judged)


_PARTS = (bytes | None, str | None, str, str, float, bool)


_LATEST_S = 1e11
"""The calendars of Python and of browsers end later."""


def _is_time(seconds: Any) -> bool:
    """Whether these are seconds that a calendar knows; NaN is none."""
    return isinstance(seconds, float | int) and 0 <= seconds <= _LATEST_S


def _facts(data: bytes | None, what: str, needed: set[str]) -> dict[str, Any]:
    facts = None if data is None else serde.loads(data)
    if not isinstance(facts, dict) or not needed <= facts.keys():
        raise _corrupt(what)
    return facts


def _corrupt(what: str) -> CorruptDataError:
    return CorruptDataError(
        f"A stored {what} is damaged: it does not hold what a {what} has. Restore the database "
        "from a copy, or begin another run on a new thread."
    )
