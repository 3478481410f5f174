"""Requests of one tick of an event loop, asked together: equal reads once (290)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Hashable, Sequence
from functools import partial

from nbflow.store._requests import Request, sameness
from nbflow.store.base import Result

__all__ = ["Together"]

Ask = Callable[[Sequence[Request], Sequence[int]], Awaitable[list[list[Result]]]]
"""Answers requests, each as often as its number says: every asker gets a copy."""


_Tick = list[tuple[Request, asyncio.Future[Result]]]
"""Who asked what."""


class _Group:
    """Those who asked the same."""

    __slots__ = ("futures", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.futures: list[asyncio.Future[Result]] = []


class _Here(threading.local):
    """The open tick of the event loop that runs in this thread."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.waiting: _Tick = []


class Together:
    """Collects what is asked in one tick, in any thread and event loop.

    A request that fails does so for its askers alone, and a cancelled asker stops nobody else.
    """

    def __init__(self) -> None:
        self._here = _Here()
        self._serving: set[asyncio.Task[None]] = set()

    async def one(self, request: Request, ask: Ask) -> Result:
        """The answer to one request; all of one tick are put to the same ``ask``."""
        loop = asyncio.get_running_loop()
        here = self._here
        if here.loop is not loop:
            here.loop, here.waiting = loop, []
        future: asyncio.Future[Result] = loop.create_future()
        if not here.waiting:
            loop.call_soon(self._serve, here.waiting, ask)
        here.waiting.append((request, future))
        return await future

    def _serve(self, tick: _Tick, ask: Ask) -> None:
        if self._here.waiting is tick:
            self._here.waiting = []
        groups: dict[Hashable, _Group] = {}
        for request, future in tick:
            if not future.done():
                groups.setdefault(sameness(request), _Group(request)).futures.append(future)
        if groups:
            work = asyncio.get_running_loop().create_task(_answer(list(groups.values()), ask))
            self._serving.add(work)
            work.add_done_callback(partial(self._served, tick))

    def _served(self, tick: _Tick, work: asyncio.Task[None]) -> None:
        """Leave nobody waiting, even where the work was cancelled before it began."""
        self._serving.discard(work)
        for _, future in tick:
            future.cancel()


async def _answer(groups: list[_Group], ask: Ask) -> None:
    counts = [len(group.futures) for group in groups]
    try:
        answers = await ask([group.request for group in groups], counts)
    except Exception as fault:
        if len(groups) > 1:  # none of them was stored: let each have its own outcome
            for group in groups:
                await _answer([group], ask)
            return
        for future in groups[0].futures:
            if not future.done():
                future.set_exception(fault)
        return
    for group, copies in zip(groups, answers, strict=True):
        for future, answer in zip(group.futures, copies, strict=True):
            if not future.done():
                future.set_result(answer)
