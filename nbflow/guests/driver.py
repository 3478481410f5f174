"""How an adopted graph is called: by its sync or by its async methods, from any thread."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Coroutine, Iterator
from typing import Any

from nbflow._engine.loops import background_loop, is_running
from nbflow.errors import WaitNotPossibleError

__all__ = ["Driver", "Parts", "needs_async"]

_MODES = ["tasks", "messages", "custom", "checkpoints", "values"]


class Driver:
    """Calls one graph.

    Args:
        graph: a compiled graph of LangGraph's.
        is_async: whether its async methods are used, on a loop of nbflow's own.

    >>> from langgraph.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> parts = list(Driver(double, is_async=False).parts(4, {}, None))
    >>> [data for _, mode, data in parts if mode == "values"]
    [8]
    """

    def __init__(self, graph: Any, *, is_async: bool) -> None:
        self.graph = graph
        """LangGraph's."""
        self.is_async = is_async
        """Whether its async methods are used."""

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        """Call a method by its sync name, and wait for what it returns."""
        if not self.is_async:
            return getattr(self.graph, name)(*args, **options)
        return _on_loop(getattr(self.graph, f"a{name}")(*args, **options))

    @property
    def is_on_its_loop(self) -> bool:
        """Whether this is the thread that the graph runs on, so that nothing here may wait."""
        return self.is_async and is_running(background_loop())

    def history(self, config: dict[str, Any], **choice: Any) -> list[Any]:
        """LangGraph's snapshots of a thread, newest first."""
        if not self.is_async:
            return list(self.graph.get_state_history(config, **choice))

        async def collected() -> list[Any]:
            return [shot async for shot in self.graph.aget_state_history(config, **choice)]

        shots: list[Any] = _on_loop(collected())
        return shots

    def stored(self, config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a checkpoint holds by channel, and what the tasks of its step returned, by task id.

        LangGraph's snapshots tell neither of a workflow's input nor of the tasks it called.
        """
        saver = self.graph.checkpointer
        got = _on_loop(saver.aget_tuple(config)) if self.is_async else saver.get_tuple(config)
        if got is None:
            return {}, {}
        returned = {
            task: value
            for task, channel, value in got.pending_writes or ()
            if channel == "__return__"
        }
        return got.checkpoint["channel_values"], returned

    def parts(self, input: Any, config: dict[str, Any], context: Any) -> Parts:
        """Run the graph; what its stream says, part by part: namespace, mode and data."""
        options: dict[str, Any] = {"stream_mode": _MODES, "subgraphs": True}
        if context is not None:
            options["context"] = context
        if self.is_async:
            return _LoopParts(self.graph.astream(input, config, **options))
        return Parts(self.graph.stream(input, config, **options))


class Parts:
    """The parts of one stream, which can be stopped from another thread.

    Args:
        stream: yields them.

    >>> list(Parts(iter([1, 2])))
    [1, 2]
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._stopped = False

    def __iter__(self) -> Iterator[Any]:
        try:
            for part in self._stream:
                yield part
                if self._stopped:
                    break
        finally:
            if hasattr(self._stream, "close"):
                self._stream.close()

    def stop(self) -> None:
        """Let it end: a stream of threads after its next part, one of a loop at once."""
        self._stopped = True


class _LoopParts(Parts):
    """The parts of a stream that goes on in the background loop."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._inbox: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self._pumping = asyncio.run_coroutine_threadsafe(self._pump(), background_loop())

    async def _pump(self) -> None:
        try:
            async for part in self._stream:
                self._inbox.put((True, part))
        except BaseException as exc:
            self._inbox.put((False, exc))
            raise
        self._inbox.put((False, None))

    def __iter__(self) -> Iterator[Any]:
        while True:
            goes_on, part = self._inbox.get()
            if goes_on:
                yield part
            elif part is None or (self._stopped and isinstance(part, asyncio.CancelledError)):
                return
            else:
                raise part

    def stop(self) -> None:
        super().stop()
        self._pumping.cancel()


def _on_loop(work: Coroutine[Any, Any, Any]) -> Any:
    loop = background_loop()
    if is_running(loop):
        work.close()
        raise WaitNotPossibleError(
            "An adopted async graph was called on the loop that it needs itself, so the call could "
            "never return. Call it from a cell or a plain function: asyncio.to_thread(...) does."
        )
    return asyncio.run_coroutine_threadsafe(work, loop).result()


def needs_async(graph: Any) -> bool:
    """Whether a graph can only be run by its async methods.

    That is so when its saver belongs to a loop, or a node or a tool of it has no sync function.

    >>> from langgraph.func import entrypoint
    >>> @entrypoint()
    ... async def double(n: int) -> int:
    ...     return 2 * n
    >>> needs_async(double)
    True
    """
    if isinstance(getattr(graph.checkpointer, "loop", None), asyncio.AbstractEventLoop):
        return True
    graphs = [graph, *(below for _, below in graph.get_subgraphs(recurse=True))]
    if any(_is_async_only(node.bound) for one in graphs for node in one.nodes.values()):
        return True
    builders = [one.builder for one in graphs if hasattr(one, "builder")]
    branches = (by for builder in builders for by in builder.branches.values())
    return any(_is_async_only(one.path) for by in branches for one in by.values())


def _is_async_only(bound: Any) -> bool:
    for step in getattr(bound, "steps", [bound]):
        if getattr(step, "func", bound) is None and getattr(step, "afunc", None) is not None:
            return True
        tools = getattr(step, "tools_by_name", {}).values()
        if any(getattr(one, "func", one) is None for one in tools):
            return True
    return False
