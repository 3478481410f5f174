"""What an entrypoint returns to give one value and save another."""

from __future__ import annotations

from typing import Any

__all__ = ["Final"]


class Final:
    """What an entrypoint returns to give one value and save another; see ``entrypoint.final``."""

    __slots__ = ("save", "value")

    def __init__(self, *, value: Any, save: Any) -> None:
        self.value: Any = value
        self.save: Any = save
