"""Values of Pydantic's own that its models hold."""

from __future__ import annotations

from typing import Any

from nbflow._codec.kinds import Kind, Layout, add

__all__ = ["enter_zones"]


def enter_zones() -> None:
    """Add the kind of the time zones that Pydantic gives to what it parses; once."""
    from pydantic_core import TzInfo

    def split(zone: TzInfo) -> list[Any]:
        offset = zone.utcoffset(None)
        return [0 if offset is None else int(offset.total_seconds())]

    def build(parts: list[Any]) -> TzInfo:
        (seconds,) = parts
        return TzInfo(seconds)

    add(Kind(60, Layout.PARTS, split, build), TzInfo)
