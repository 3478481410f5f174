"""The refusals that all savers share, so that they say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NoReturn

from nbflow.checkpoint._rows import OpRow, RunRow
from nbflow.errors import (
    AlreadyAnsweredError,
    CorruptDataError,
    InvalidConfigError,
    InvalidUpdateError,
    LeaseLostError,
    MissingThreadError,
    StorageError,
    ThreadBusyError,
    UnknownCheckpointError,
    UnknownThreadError,
)

__all__ = [
    "already_answered",
    "key_taken",
    "lease_lost",
    "lost_run",
    "no_source",
    "no_thread",
    "not_channels",
    "recorded_twice",
    "require_facts",
    "require_filter",
    "require_limit",
    "require_several",
    "require_strategy",
    "seconds_of",
    "target_exists",
    "thread_moved_on",
    "unknown_checkpoint",
]


def lease_lost(run: RunRow, epoch: int) -> NoReturn:
    """LeaseLostError: the run would store under an epoch that is over (261)."""
    raise LeaseLostError(
        f"Run {run.id} no longer owns thread {run.thread_id!r}: somebody else took it over or "
        f"deleted it since epoch {epoch}. Nothing was stored. Read the thread again with get_state."
    )


def thread_moved_on(thread_id: str, expected_epoch: int | None) -> NoReturn:
    """ThreadBusyError: somebody changed the thread since it was read (261)."""
    known = "as new" if expected_epoch is None else f"at epoch {expected_epoch}"
    raise ThreadBusyError(
        f"Thread {thread_id!r} was read {known} and has changed since: another run, update or "
        "prune came first. Nothing was stored. Try again once that has ended."
    )


def already_answered(run: RunRow) -> NoReturn:
    """AlreadyAnsweredError: the first answer to a question stands (111, 118)."""
    raise AlreadyAnsweredError(
        f"The question in thread {run.thread_id!r} has an answer already, which stands. Nothing "
        "was stored. Read what was answered with get_state.",
        "answered",
    )


def recorded_twice(run: RunRow, op: OpRow) -> NoReturn:
    """StorageError: the first outcome of an op stands; a second one is a fault of nbflow."""
    raise StorageError(
        f"Run {run.id} already holds an outcome of task {op.name!r} (attempt {op.attempt}). The "
        "first one stands; nothing was stored. Please report this with the program."
    )


def key_taken(run: RunRow, op: OpRow) -> NoReturn:
    """The error for an op whose key has an answer, or an outcome, in this life."""
    if op.kind == "answer":
        already_answered(run)
    recorded_twice(run, op)


def unknown_checkpoint(thread_id: str, checkpoint_id: str) -> NoReturn:
    """UnknownCheckpointError: the thread has no checkpoint of that id (145)."""
    raise UnknownCheckpointError(
        f"Thread {thread_id!r} has no checkpoint {checkpoint_id!r}. get_state_history lists those "
        "it has."
    )


def no_thread(configurable: Mapping[str, Any]) -> NoReturn:
    """MissingThreadError: the configuration has no ``thread_id`` (196)."""
    raise MissingThreadError(
        "The configuration names no thread. Pass {'configurable': {'thread_id': 'any name'}}; "
        f"'configurable' has the keys {sorted(map(str, configurable))}."
    )


def no_source(thread_id: str) -> NoReturn:
    """UnknownThreadError: there is nothing to copy (244)."""
    raise UnknownThreadError(
        f"There is no thread {thread_id!r} to copy. Nothing was stored. list_threads() shows those "
        "there are."
    )


def target_exists(thread_id: str) -> NoReturn:
    """InvalidUpdateError: a copy would mix with what is there (244)."""
    raise InvalidUpdateError(
        f"There is a thread {thread_id!r} already, which a copy would mix with. Nothing was "
        "stored. Choose another name, or delete_thread() it first."
    )


def not_channels(method: str, instead: str) -> NoReturn:
    """NotImplementedError: what only LangGraph's graphs store (237, 240, 247)."""
    raise NotImplementedError(
        f"{method}() is not part of nbflow, because its savers keep runs and their facts, and no "
        f"channels. Nothing was stored. Use {instead}; workflow.fork(config) branches off a run. "
        "A graph of LangGraph needs a saver of LangGraph."
    )


def require_limit(limit: int | None) -> None:
    """Refuse what is no number of checkpoints.

    >>> require_limit(None)
    >>> require_limit(-1)
    Traceback (most recent call last):
    nbflow.errors.InvalidConfigError: limit is -1; expected None for all, or a number from 0.
    """
    if limit is not None and (type(limit) is not int or limit < 0):
        raise InvalidConfigError(f"limit is {limit!r}; expected None for all, or a number from 0.")


def require_filter(filter: Mapping[str, Any] | None) -> None:
    """Refuse keys that no metadata can have (250).

    >>> require_filter({"source": "loop"})
    """
    for key in filter or ():
        if not isinstance(key, str):
            raise InvalidConfigError(
                f"The filter has the key {key!r}, which is no text; the keys of metadata are. "
                "Write it as text."
            )


def require_several(name: str, ids: Sequence[str]) -> None:
    """Refuse one text where several are expected: each letter would count as an id.

    >>> require_several("thread_ids", ["1"])
    """
    if isinstance(ids, str):
        raise InvalidConfigError(f"{name} is the text {ids!r}; expected a list: [{ids!r}].")


def require_strategy(strategy: str, keep: int | None = None) -> None:
    """Refuse what ``prune`` does not know.

    >>> require_strategy("keep_latest", 3)
    """
    if strategy not in ("keep_latest", "delete"):
        raise InvalidConfigError(
            f"strategy is {strategy!r}; expected 'keep_latest' or 'delete'. Nothing was removed."
        )
    if keep is None:
        return
    if type(keep) is not int or keep < 0:
        raise InvalidConfigError(
            f"keep is {keep!r}; expected a number of runs from 0. Nothing was removed."
        )
    if strategy == "delete":
        raise InvalidConfigError(
            "strategy='delete' removes whole threads, and keep= says what stays of each. Nothing "
            "was removed. Leave one of them out."
        )


def lost_run(told: str, run_id: str) -> NoReturn:
    """CorruptDataError: something tells of a run that is not there."""
    raise CorruptDataError(
        f"{told} run {run_id}, which is not there: column id of table run is damaged. Other "
        "threads are not affected. Restore the database from a copy."
    )


def require_facts(pause: OpRow, facts: int) -> None:
    """A pause says how many facts there were before it; one of an older version says nothing.

    Raises:
        CorruptDataError: there are not so many.
    """
    if pause.n not in (0, facts):
        raise CorruptDataError(
            f"Op {pause.seq} (pause) stands after {pause.n} ops of its run, and {facts} are there: "
            "column seq or run of table op, or run of table run, is damaged in another row. Other "
            "runs are not affected. Restore the database from a copy."
        )


def seconds_of(span: timedelta | float) -> float:
    """A span of time in seconds.

    >>> seconds_of(timedelta(days=1))
    86400.0

    Raises:
        InvalidConfigError: it is none, or below 0.
    """
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if type(seconds) not in (int, float) or not seconds >= 0:
        raise InvalidConfigError(
            f"A span of time is {span!r}; expected seconds from 0, or a timedelta. Nothing was "
            "removed."
        )
    return seconds
