"""What an entrypoint returns to give one value and save another."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator
from typing import Any
from weakref import ref

from nbflow._codec.kinds import no_data
from nbflow._codec.records import type_name
from nbflow.errors import NotSerializableError

__all__ = ["Final", "alive", "refuse_within"]

_REASON = (
    "entrypoint.final says what an entrypoint returns and what it saves, so the entrypoint itself "
    "must return it, not a task, and not inside another value. Give plain values here, and write "
    "'return entrypoint.final(value=..., save=...)' in the entrypoint"
)


class Final:
    """What an entrypoint returns to give one value and save another; see ``entrypoint.final``."""

    __slots__ = ("__weakref__", "save", "value")

    def __init__(self, *, value: Any, save: Any) -> None:
        self.value: Any = value
        self.save: Any = save
        alive.add(ref(self, alive.discard))

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        no_data(_REASON, cls)


alive: set[ref[Final]] = set()
"""Those there are in this process; where there is none, none is looked for."""


def refuse_within(value: Any) -> None:
    """Refuse what is returned where nothing is stored, as it would be where it is (131).

    Raises:
        NotSerializableError: there is a :class:`Final` in it.
    """
    seen: set[int] = set()
    pending = [(value, "$")]
    while pending:
        part, path = pending.pop()
        if isinstance(part, Final):
            name = type_name(type(part))
            message = f"{path} ({name}) cannot be returned: {_REASON}."
            raise NotSerializableError(message, path, name)
        if id(part) not in seen:
            seen.add(id(part))
            pending.extend((inner, path + label) for inner, label in _parts(part))


def _parts(value: Any) -> Iterator[tuple[Any, str]]:
    """What containers, dataclasses and models hold."""
    if isinstance(value, dict):
        yield from ((part, f"[{key!r}]") for key, part in value.items())
    elif isinstance(value, list | tuple | deque):
        yield from ((part, f"[{i}]") for i, part in enumerate(value))
    elif isinstance(value, set | frozenset):
        yield from ((part, "{}") for part in value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from ((getattr(value, f.name, None), f".{f.name}") for f in dataclasses.fields(value))
    elif hasattr(type(value), "__pydantic_fields__"):
        yield from ((part, f".{name}") for name, part in vars(value).items())
