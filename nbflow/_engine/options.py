"""What a caller may say about one call besides input and configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nbflow._engine.stream import Chunks
from nbflow.runtime import RunControl
from nbflow.types import GraphOutput

__all__ = ["DEFAULT", "Options", "as_output", "options_of", "refuse_left_out", "refuse_traces"]

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


def options_of(durability: str | None, control: Any, chunks: Chunks | None = None) -> Options:
    """What was asked for, by the arguments and by the modes that are streamed."""
    if durability is None and control is None and chunks is None:
        return DEFAULT
    return Options(
        durability=durability,
        control=control,
        wants_messages=chunks is not None and chunks.wants_messages,
        wants_checkpoints=chunks is not None and chunks.wants_checkpoints,
    )


def as_output(value: Any, version: str) -> Any:
    """What ``invoke`` gives in a version (178).

    Raises:
        ValueError: an unknown version.
    """
    if version == "v1":
        return value
    if version != "v2":
        raise ValueError(f"Unknown version {version!r}. Known are: 'v1', 'v2'.")
    if isinstance(value, dict) and value.keys() == {"__interrupt__"}:
        return GraphOutput({}, tuple(value["__interrupt__"]))
    return GraphOutput(value)


def refuse_traces(version: str) -> None:
    """The versions of ``stream_events`` that trace LangChain's runnables.

    Raises:
        NotImplementedError: another version than ``v3``.
    """
    if version != "v3":
        raise NotImplementedError(
            f"stream_events(version={version!r}) is not part of nbflow, because it traces "
            "LangChain runnables, and tasks are plain functions. Use version='v3', or stream()."
        )


_LEFT_OUT = {
    "output_keys": "a workflow returns one value, which has no channels to choose from",
    "interrupt_before": "a workflow has one node; call interrupt() where it shall stop",
    "interrupt_after": "a workflow has one node; call interrupt() where it shall stop",
    "debug": "stream_mode='debug' or print_mode='debug' shows the same",
}


def refuse_left_out(unknown: dict[str, Any]) -> None:
    """What LangGraph's ``stream`` takes and a workflow has no use for.

    Raises:
        TypeError: one of them is set, or nobody knows it.
    """
    for name, value in unknown.items():
        if name not in _LEFT_OUT:
            raise TypeError(f"stream() does not know the argument {name!r}.")
        if value:
            raise TypeError(f"{name}= is not part of nbflow, because {_LEFT_OUT[name]}.")
