"""The configuration that the code of a run sees."""

from __future__ import annotations

from typing import Any

__all__ = ["settings_of"]


def settings_of(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, always with ``configurable`` and ``metadata``; None counts as left out."""
    settings: dict[str, Any] = {"configurable": {}, "metadata": {}}
    settings.update((key, value) for key, value in given.items() if value is not None)
    return settings
