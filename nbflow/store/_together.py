"""Requests of one tick of an event loop, asked together: equal reads once (290)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Hashable, Sequence

from nbflow.store._requests import Request, sameness
from nbflow.store.base import Result

__all__ = ["Together"]

Ask = Callable[[Sequence[Request], Sequence[int]], Awaitable[list[list[Result]]]]
"""Answers requests, each as often as its number says: every asker gets a copy."""


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
        self.waiting: list[tuple[Request, asyncio.Future[Result]]] = []


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

    def _serve(self, tick: list[tuple[Request, asyncio.Future[Result]]], ask: Ask) -> None:
        if self._here.waiting is tick:
            self._here.waiting = []
        groups: dict[Hashable, _Group] = {}
        for request, future in tick:
            if not future.done():
                groups.setdefault(sameness(request), _Group(request)).futures.append(future)
        if groups:
            answering = _answer(list(groups.values()), ask)
            task = asyncio.get_running_loop().create_task(answering)
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)


async def _answer(groups: list[_Group], ask: Ask) -> None:
    try:
        await _settle(groups, ask)
    except BaseException:
        for group in groups:
            for future in group.futures:
                future.cancel()
        raise


async def _settle(groups: list[_Group], ask: Ask) -> None:
    counts = [len(group.futures) for group in groups]
    try:
        answers = await ask([group.request for group in groups], counts)
    except Exception as fault:
        if len(groups) > 1:  # none of them was stored: let each have its own outcome
            for group in groups:
                await _settle([group], ask)
            return
        for future in groups[0].futures:
            if not future.done():
                future.set_exception(fault)
        return
    for group, copies in zip(groups, answers, strict=True):
        for future, answer in zip(group.futures, copies, strict=True):
            if not future.done():
                future.set_result(answer)
