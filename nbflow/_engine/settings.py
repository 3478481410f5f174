"""The configuration that the code of a run sees: what was given, over what its caller has (193)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbflow._engine.in_a_graph import without_graph_metadata
from nbflow._engine.sending import check_executor

__all__ = ["given_settings", "settings_apart", "settings_below", "settings_of"]

Settings = dict[str, Any]


def given_settings(config: Any) -> Settings:
    """What a caller gave as ``config=``; None counts as left out.

    Raises:
        TypeError: it is no dict.
        InvalidConfigError: its ``executor`` is none.
    """
    if config is not None and not isinstance(config, dict):
        raise TypeError(
            f"config= was given {type(config).__name__} {config!r}. Give a dict: "
            "{'configurable': {'thread_id': '1'}}."
        )
    given = without_graph_metadata(config or {})
    check_executor(given)
    return {key: value for key, value in given.items() if value is not None}


def settings_of(given: Settings) -> Settings:
    """Those of a run that no other one calls: ``configurable`` and ``metadata`` are there."""
    return {"configurable": {}, "metadata": {}, **given_settings(given)}


def settings_below(outer: Settings, given: Settings) -> Settings:
    """Those of a workflow that is a step of the caller's run.

    Tags and callbacks are added to the caller's; ``configurable`` and ``metadata`` are the
    caller's, with the entries that were given; of anything else, what was given counts.
    """
    settings = {**outer}
    for key, value in given.items():
        join = _JOINED.get(key)
        there = settings.get(key)
        settings[key] = value if join is None or there is None else join(there, value)
    return settings


def settings_apart(outer: Settings, given: Settings) -> Settings:
    """Those of a workflow that is called inside a run, and is a run of its own on its thread."""
    return settings_below({k: v for k, v in outer.items() if k not in _OF_ONE_RUN}, given)


_OF_ONE_RUN = ("configurable", "run_id", "run_name")


def _entries(outer: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    return {**outer, **given}


def _one_of_each(outer: list[Any], given: list[Any]) -> list[Any]:
    return [*outer, *(one for one in given if one not in outer)]


def _callbacks(outer: Any, given: Any) -> Any:
    """LangChain's: each is a list of handlers, or a manager of them."""
    lists = [one for one in (outer, given) if not hasattr(one, "add_handler")]
    if len(lists) == 2:
        return _one_of_each(outer, given)
    if not lists:
        return outer if given is outer else outer.merge(given)
    both = (given if lists[0] is outer else outer).copy()
    for handler in lists[0]:
        both.add_handler(handler, inherit=True)
    return both


_JOINED: dict[str, Callable[[Any, Any], Any]] = {
    "configurable": _entries,
    "metadata": _entries,
    "tags": _one_of_each,
    "callbacks": _callbacks,
}
