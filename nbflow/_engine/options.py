"""What a caller may say about one execution besides input and configuration."""

from __future__ import annotations

from dataclasses import dataclass

from nbflow.runtime import RunControl

__all__ = ["DEFAULT", "Options"]

_DURABILITY = ("sync", "async", "exit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Raises ValueError for a durability that does not exist."""

    durability: str | None = None
    """``exit`` stores nothing before the execution ends or pauses; the others store each fact
    before it is seen (84, 86)."""
    control: RunControl | None = None
    """Can ask the run to stop (191)."""
    wants_messages: bool = False
    """Whether somebody streams the tokens of chat models."""
    wants_checkpoints: bool = False
    """Whether somebody streams checkpoints."""

    def __post_init__(self) -> None:
        if self.durability not in (None, *_DURABILITY):
            raise ValueError(
                f"durability={self.durability!r} is not known. Give one of "
                f"{', '.join(map(repr, _DURABILITY))}."
            )


DEFAULT = Options()
