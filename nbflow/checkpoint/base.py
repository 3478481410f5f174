"""What a saver keeps, and what can be asked of every backend.

A *thread* is a line of runs. A *run* is one invocation with its input. An *op* is one durable
fact of a run; ops are only appended. A *checkpoint* is LangGraph's: two per run (``input``, then
``loop``), plus ``update`` and ``fork``. What a backend implements stands in
``_primitives.py``, and the engine writes through that alone. Here is LangGraph's side:
checkpoints as its tuples, and the care of threads. One saver serves sync and async code, from any
thread and any event loop (248, 249).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, Literal, NoReturn, Self

from nbflow.checkpoint._primitives import Primitives
from nbflow.checkpoint._removal import (
    Past,
    Removal,
    all_but_latest,
    all_but_recent,
    all_if_old,
    everything,
    of_runs,
)
from nbflow.checkpoint._rows import CheckpointRow, OpRow, RunRow, ThreadRow, require_names
from nbflow.checkpoint._tuples import CheckpointTuple, metadata_of, tuple_of, tuples, undamaged
from nbflow.checkpoint.refusals import (
    no_thread,
    not_channels,
    require_filter,
    require_limit,
    require_several,
    require_strategy,
    seconds_of,
    unknown_checkpoint,
)

__all__ = [
    "BaseCheckpointSaver",
    "CheckpointRow",
    "CheckpointTuple",
    "OpRow",
    "RunRow",
    "ThreadRow",
    "require_names",
]

_Config = Mapping[str, Any]
_BATCH = 50
"""Checkpoints for which ``alist`` leaves the event loop once."""


class BaseCheckpointSaver(Primitives):
    """Keeps threads. The parent of every backend; see the module.

    Every method has a twin for ``await`` whose name begins with ``a``; it works in another thread
    and does not hold up the event loop.
    """

    # -- reading ----------------------------------------------------------------------------

    def get_tuple(self, config: _Config) -> CheckpointTuple | None:
        """The checkpoint that a configuration names, or the thread's newest (238).

        Returns:
            None when there is no such thread or checkpoint.

        Raises:
            MissingThreadError: the configuration has no ``thread_id``.
            CorruptDataError: the checkpoint, or a row of its run, is damaged.

        >>> from nbflow.checkpoint.memory import InMemorySaver
        >>> from nbflow.func import entrypoint
        >>> saver = InMemorySaver()
        >>> @entrypoint(checkpointer=saver)
        ... def double(n: int) -> int:
        ...     return 2 * n
        >>> config = {"configurable": {"thread_id": "1"}}
        >>> double.invoke(4, config)
        8
        >>> saver.get_tuple(config).checkpoint["channel_values"]
        {'__end__': 8, '__previous__': 8}
        """
        thread_id, ns, checkpoint_id = _address(config)
        row = self.get_checkpoint(thread_id, ns or "", checkpoint_id)
        return None if row is None else tuple_of(self, row)

    def get(self, config: _Config) -> dict[str, Any] | None:
        """The ``checkpoint`` of :meth:`get_tuple` alone."""
        found = self.get_tuple(config)
        return None if found is None else found.checkpoint

    def list(
        self,
        config: _Config | None,
        *,
        filter: dict[str, Any] | None = None,
        before: _Config | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Checkpoints, newest first; they are read page by page as they are taken (239, 254).

        A damaged one is left out, with a RuntimeWarning that names its row (260).

        Args:
            config: the thread, with ``checkpoint_ns`` or ``checkpoint_id`` only what these name;
                None for all threads.
            filter: entries that the metadata must have. A key is one key, dots or not (251).
            before: only those older than the checkpoint that this configuration names.
            limit: at most so many.

        Raises:
            MissingThreadError: a configuration has no ``thread_id``.
            UnknownCheckpointError: there is no checkpoint as ``before`` names it.
            ValueError: a limit below 0, or no number; a key of the filter that is no text (250).
        """
        require_limit(limit)
        require_filter(filter)
        thread_id, ns, checkpoint_id = (None, None, None) if config is None else _address(config)

        def wanted(row: CheckpointRow) -> bool:
            if checkpoint_id is not None and row.id != checkpoint_id:
                return False
            metadata = metadata_of(row) if filter else {}
            return all(metadata.get(key) == value for key, value in (filter or {}).items())

        rows = self.search_checkpoints(
            thread_id,
            ns,
            before=self._seq_of(before, config or {}),
            wanted=wanted if filter or checkpoint_id is not None else None,
        )
        return islice(tuples(self, rows, limit), limit)

    def _seq_of(self, before: _Config | None, config: _Config) -> int | None:
        """Sequence number of the checkpoint that ``before`` names, of the same thread mostly."""
        if before is None or before.get("configurable", {}).get("checkpoint_id") is None:
            return None
        merged = {**config.get("configurable", {}), **before["configurable"]}
        thread_id, ns, checkpoint_id = _address({"configurable": merged})
        row = self.get_checkpoint(thread_id, ns or "", checkpoint_id)
        if row is None:
            unknown_checkpoint(thread_id, str(checkpoint_id))
        return row.seq

    async def aget_tuple(self, config: _Config) -> CheckpointTuple | None:
        """:meth:`get_tuple`, awaited."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def aget(self, config: _Config) -> dict[str, Any] | None:
        """:meth:`get`, awaited."""
        return await asyncio.to_thread(self.get, config)

    async def alist(
        self,
        config: _Config | None,
        *,
        filter: dict[str, Any] | None = None,
        before: _Config | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """:meth:`list`, for ``async for``."""
        found = await asyncio.to_thread(
            self.list, config, filter=filter, before=before, limit=limit
        )
        while batch := await asyncio.to_thread(lambda: [*islice(found, _BATCH)]):
            for one in batch:
                yield one

    # -- the care of threads ------------------------------------------------------------------

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Remove runs with everything that they stored, in any thread (245).

        Unknown runs are passed over. What other runs need stays: a fork keeps the ops that it
        begins with. The thread goes back to its newest run that is left; a run that is going on
        stores nothing more.

        Args:
            run_ids: as ``run_id`` in the metadata of checkpoints, which is your own where you gave
                one.
        """
        require_several("run_ids", run_ids)
        runs = self.get_runs([*run_ids])
        threads = dict.fromkeys(run.thread_id for run in runs.values())
        own = [one for one in run_ids if one not in runs]
        named = [*self._with_run_ids(own)] if own else []
        threads |= dict.fromkeys(row.thread_id for row in named)
        ids = {*runs, *(row.run for row in named if row.run is not None)}
        numbers = {row.seq for row in named}
        self.remove([*threads], lambda past: of_runs(past, ids, numbers))

    def _with_run_ids(self, own: Sequence[str]) -> Iterator[CheckpointRow]:
        """Checkpoints whose metadata has a ``run_id`` of the user's."""
        return undamaged(
            self.search_checkpoints(wanted=lambda row: metadata_of(row).get("run_id") in own)
        )

    def prune(
        self,
        thread_ids: Sequence[str] | None = None,
        *,
        strategy: Literal["keep_latest", "delete"] = "keep_latest",
        keep: int | None = None,
        older_than: timedelta | float | None = None,
    ) -> None:
        """Remove the past of threads; unknown ones are passed over (246).

        What stays works as before: a fork keeps the ops that it begins with, and what others share
        with what goes stays. An open question is of the newest run, which stays.

        Args:
            thread_ids: the threads, all or none of them; None for every thread of the database,
                one after another.
            strategy: ``keep_latest`` keeps each namespace's newest checkpoint, with what it takes
                to go on from there: the newest run with its ops, the ops of another run that it
                begins with, and what nested workflows saved on the way. ``delete`` keeps nothing.
            keep: the newest runs that stay whole besides, in each namespace.
            older_than: what is younger stays besides: runs that stored a checkpoint less than so
                long ago, in seconds. With ``delete``, threads that did.

        Raises:
            InvalidConfigError: another strategy, a ``keep`` below 0, ``keep`` with ``delete``.

        >>> from nbflow.checkpoint.memory import InMemorySaver
        >>> from nbflow.func import entrypoint
        >>> saver = InMemorySaver()
        >>> @entrypoint(checkpointer=saver)
        ... def double(n: int) -> int:
        ...     return 2 * n
        >>> for n in range(5):
        ...     _ = double.invoke(n, {"configurable": {"thread_id": "1"}})
        >>> saver.prune(keep=2)
        >>> [run.values for run in double.get_state_history({"configurable": {"thread_id": "1"}})]
        [8, 6, 6, 4]
        """
        since = None if older_than is None else time.time() - seconds_of(older_than)
        require_strategy(strategy, keep)
        decide = _what_goes(strategy, keep, since)
        if thread_ids is not None:
            require_several("thread_ids", thread_ids)
            self.remove(thread_ids, decide)
            return
        for thread_id in dict.fromkeys(row.thread_id for row in self.list_threads()):
            self.remove([thread_id], decide)

    async def adelete_thread(self, thread_id: str) -> None:
        """:meth:`delete_thread`, awaited."""
        await asyncio.to_thread(self.delete_thread, thread_id)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """:meth:`copy_thread`, awaited."""
        await asyncio.to_thread(self.copy_thread, source_thread_id, target_thread_id)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """:meth:`delete_for_runs`, awaited."""
        await asyncio.to_thread(self.delete_for_runs, run_ids)

    async def aprune(
        self,
        thread_ids: Sequence[str] | None = None,
        *,
        strategy: Literal["keep_latest", "delete"] = "keep_latest",
        keep: int | None = None,
        older_than: timedelta | float | None = None,
    ) -> None:
        """:meth:`prune`, awaited."""
        await asyncio.to_thread(
            self.prune, thread_ids, strategy=strategy, keep=keep, older_than=older_than
        )

    # -- what LangGraph's graphs store --------------------------------------------------------

    def put(
        self,
        config: _Config,
        checkpoint: Mapping[str, Any],
        metadata: Mapping[str, Any],
        new_versions: Mapping[str, Any],
    ) -> NoReturn:
        """Not part of nbflow: a saver keeps runs and their ops, no channels (237).

        Raises:
            NotImplementedError: always; it says what to do instead.
        """
        not_channels("put", "workflow.update_state(config, value)")

    def put_writes(
        self,
        config: _Config,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> NoReturn:
        """Not part of nbflow: the engine stores each fact of a run when it happens (240, 241).

        Raises:
            NotImplementedError: always; it says what to do instead.
        """
        not_channels("put_writes", "workflow.invoke(Command(resume=answer), config)")

    def get_delta_channel_history(self, *, config: _Config, channels: Sequence[str]) -> NoReturn:
        """Not part of nbflow: there are no channels, so none is stored as deltas (247).

        Raises:
            NotImplementedError: always; it says what to do instead.
        """
        not_channels("get_delta_channel_history", "workflow.get_state_history(config)")

    async def aput(
        self,
        config: _Config,
        checkpoint: Mapping[str, Any],
        metadata: Mapping[str, Any],
        new_versions: Mapping[str, Any],
    ) -> NoReturn:
        """:meth:`put`, awaited; raises the same."""
        self.put(config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: _Config,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> NoReturn:
        """:meth:`put_writes`, awaited; raises the same."""
        self.put_writes(config, writes, task_id, task_path)

    async def aget_delta_channel_history(
        self, *, config: _Config, channels: Sequence[str]
    ) -> NoReturn:
        """:meth:`get_delta_channel_history`, awaited; raises the same."""
        self.get_delta_channel_history(config=config, channels=channels)

    # -- opening and closing ------------------------------------------------------------------

    def close(self) -> None:
        """Release files and connections; calling twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.close()


def _what_goes(strategy: str, keep: int | None, since: float | None) -> Callable[[Past], Removal]:
    if strategy == "delete":
        return everything if since is None else partial(all_if_old, before=since)
    if keep is None and since is None:
        return all_but_latest
    return partial(all_but_recent, keep=keep, since=since)


def _address(config: _Config) -> tuple[str, str | None, str | None]:
    """Thread id, namespace and checkpoint id that a configuration names."""
    configurable = config.get("configurable") or {}
    if configurable.get("thread_id") is None:
        no_thread(configurable)
    ns, checkpoint_id = configurable.get("checkpoint_ns"), configurable.get("checkpoint_id")
    return str(configurable["thread_id"]), ns, checkpoint_id
