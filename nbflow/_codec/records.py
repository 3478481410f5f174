"""What stands in for a value that is not, or must not be, rebuilt: inert data, nothing more."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Opaque", "StoredException", "type_name"]

_MAX_TEXT = 20_000


def type_name(cls: type) -> str:
    """Module and qualified name, such as ``decimal.Decimal``."""
    return f"{cls.__module__}.{cls.__qualname__}"


@dataclass(frozen=True, slots=True)
class Opaque:
    """A stored value whose class this process does not know; it stores again unchanged.

    >>> Opaque("shop.Order", {"id": 7})
    Opaque('shop.Order', {'id': 7})
    """

    type_name: str
    """Module and qualified name of the class; nothing was imported or called by it."""
    data: Any = field(default=None, compare=False)
    """The parts, decoded as far as their classes are known. To read: changes are not stored."""
    tag: int = 0
    """Kind of encoding; set by the decoder."""
    raw: bytes = b""
    """The stored bytes; set by the decoder."""

    def __repr__(self) -> str:
        return f"Opaque({self.type_name!r}, {self.data!r})"


@dataclass(frozen=True, slots=True)
class StoredException:
    """What is kept of an exception: text only, so it can be shown but not raised (275).

    >>> StoredException.of(ValueError("no", 3)).args
    ("'no'", '3')
    """

    type_name: str
    """Module and qualified name of its class; no module for a built-in one."""
    message: str
    """``str(exception)``, cut to 20,000 characters."""
    args: tuple[str, ...]
    """``repr`` of each argument, cut likewise."""
    traceback: str
    """The traceback with its causes as Python prints it, the end of it when it is long."""

    @classmethod
    def of(cls, exc: BaseException) -> StoredException:
        """Describe an exception; never raises, whatever its ``__str__`` does."""
        kind = type(exc)
        name = kind.__qualname__ if kind.__module__ == "builtins" else type_name(kind)
        try:
            trace = "".join(traceback.format_exception(exc))[-_MAX_TEXT:]
        except Exception as fault:
            trace = f"<no traceback: formatting it raised {type(fault).__name__}>"
        return cls(name, _text(str, exc), tuple(_text(repr, arg) for arg in exc.args), trace)


def _text(show: Any, value: object) -> str:
    try:
        return str(show(value))[:_MAX_TEXT]
    except Exception as fault:
        return f"<{type(value).__name__}: {show.__name__}() raised {type(fault).__name__}>"
