"""A run as a stream of numbered events with a channel for each kind: ``stream_events`` (180, 182).

Whoever iterates drives the run. Every event has a number, growing by one; a channel gives the
events of its kind in that order and keeps them until they are asked for.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from types import TracebackType
from typing import Any, Self

from nbflow.types import Interrupt, StreamPart

__all__ = ["CHANNELS", "AsyncRunStream", "RunStream"]

CHANNELS = ("values", "updates", "custom", "messages", "tasks", "checkpoints")
"""What a run stream can be read by, besides event by event."""

_RAW = "events"


class _Channels:
    """Sorts parts into channels; knows neither threads nor loops."""

    def __init__(self) -> None:
        self.ended = False
        self.output: Any = None
        self.interrupts: tuple[Interrupt, ...] = ()
        self._waiting: dict[str, deque[Any]] = {name: deque() for name in (*CHANNELS, _RAW)}
        self._read: set[str] = set()
        self._seq = 0

    def open(self, names: tuple[str, ...]) -> None:
        """A channel has one reader.

        Raises:
            ValueError: there is no such channel, or somebody reads it.
        """
        for name in names:
            if name not in self._waiting:
                raise ValueError(f"{name!r} is no channel. Known are: {', '.join(CHANNELS)}.")
            if name in self._read:
                raise ValueError(
                    f"Channel {name!r} is being read already. Each can be read once; read it into "
                    "a list if several need it."
                )
        self._read.update(names)

    def push(self, part: StreamPart) -> None:
        self._seq += 1
        mode, ns, data = part["type"], part["ns"], part["data"]
        params = {"namespace": list(ns), "timestamp": int(time.time() * 1000), "data": data}
        if "interrupts" in part:
            params["interrupts"] = part["interrupts"]
        if mode == "values" and not ns:
            self.output, self.interrupts = data, part.get("interrupts", ())
        event = {"type": "event", "method": mode, "params": params, "seq": self._seq}
        self._waiting[_RAW].append((self._seq, event))
        if not ns:
            self._waiting[mode].append((self._seq, data))

    def pop(self, names: tuple[str, ...]) -> tuple[str, Any] | None:
        """The oldest item of these channels that nobody has had; None when there is none yet."""
        ready = [(self._waiting[name][0][0], name) for name in names if self._waiting[name]]
        if not ready:
            return None
        _, name = min(ready)
        return name, self._waiting[name].popleft()[1]


class _Named:
    """The channels as attributes."""

    _channels: _Channels

    @property
    def interrupted(self) -> bool:
        """Whether the run waits for an answer; known when it has ended."""
        return bool(self._channels.interrupts)

    @property
    def interrupts(self) -> list[Interrupt]:
        """The open questions; known when it has ended."""
        return list(self._channels.interrupts)


class RunStream(_Named):
    """What ``workflow.stream_events(input, config, version="v3")`` returns.

    Iterating it gives every event: ``{"type": "event", "method": channel, "params": {"namespace",
    "timestamp" (ms), "data"}, "seq"}``. ``values``, ``updates``, ``custom``, ``messages``,
    ``tasks`` and ``checkpoints`` give what ``stream`` gives in that mode.

    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> @entrypoint()
    ... def workflow(n: int) -> int:
    ...     return double(n).result() + 1
    >>> with workflow.stream_events(3, version="v3") as run:
    ...     print(list(run.updates), run.output)
    [{'double': 6}, {'workflow': 7}] 7
    """

    def __init__(self, parts: Generator[StreamPart, None, None]) -> None:
        self._parts = parts
        self._channels = _Channels()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (item for _, item in self._read((_RAW,)))

    def __getattr__(self, name: str) -> Iterator[Any]:
        if name not in CHANNELS:
            raise AttributeError(f"A run stream has no channel {name!r}, only {CHANNELS}.")
        return (item for _, item in self._read((name,)))

    def interleave(self, *names: str) -> Iterator[tuple[str, Any]]:
        """``(channel, item)`` of several channels in the order in which they came (182)."""
        return self._read(names)

    @property
    def output(self) -> Any:
        """The run's value, once it has ended; runs it to its end. ``{}`` when it waits."""
        while self._pull():
            pass
        return self._channels.output

    def abort(self) -> None:
        """Stop the run at its next op; calling twice does no harm."""
        self._channels.ended = True
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.abort()

    def _read(self, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        self._channels.open(names)
        return self._items(names)

    def _items(self, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        while True:
            while (item := self._channels.pop(names)) is not None:
                yield item
            if not self._pull():
                return

    def _pull(self) -> bool:
        if self._channels.ended:
            return False
        part = next(self._parts, None)
        if part is None:
            self._channels.ended = True
            return False
        self._channels.push(part)
        return True


class AsyncRunStream(_Named):
    """What ``await workflow.astream_events(input, config, version="v3")`` returns.

    As :class:`RunStream`, with ``async for`` and ``await run.output()``.
    """

    def __init__(self, parts: AsyncGenerator[StreamPart, None]) -> None:
        self._parts = parts
        self._channels = _Channels()

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self._bare((_RAW,))

    def __getattr__(self, name: str) -> AsyncIterator[Any]:
        if name not in CHANNELS:
            raise AttributeError(f"A run stream has no channel {name!r}, only {CHANNELS}.")
        return self._bare((name,))

    def interleave(self, *names: str) -> AsyncIterator[tuple[str, Any]]:
        """``(channel, item)`` of several channels in the order in which they came (182)."""
        self._channels.open(names)
        return self._items(names)

    async def output(self) -> Any:
        """The run's value; runs it to its end. ``{}`` when it waits."""
        while await self._pull():
            pass
        return self._channels.output

    async def abort(self) -> None:
        """Stop the run; calling twice does no harm."""
        self._channels.ended = True
        await self._parts.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.abort()

    def _bare(self, names: tuple[str, ...]) -> AsyncIterator[Any]:
        self._channels.open(names)
        return self._without_names(names)

    async def _without_names(self, names: tuple[str, ...]) -> AsyncIterator[Any]:
        async for _, item in self._items(names):
            yield item

    async def _items(self, names: tuple[str, ...]) -> AsyncIterator[tuple[str, Any]]:
        while True:
            while (item := self._channels.pop(names)) is not None:
                yield item
            if not await self._pull():
                return

    async def _pull(self) -> bool:
        if self._channels.ended:
            return False
        part = await anext(self._parts, None)
        if part is None:
            self._channels.ended = True
            return False
        self._channels.push(part)
        return True
