"""Drives a root op to the end of its execution, from a thread or from an event loop."""

from __future__ import annotations

import asyncio
import threading

from nbflow._engine import async_driver, sync_driver
from nbflow._engine.lanes import watch_lanes
from nbflow._engine.loops import background_loop, is_running
from nbflow._engine.root import Outcome, RootOp
from nbflow._engine.signals import LOOK_S
from nbflow.errors import OutsideRunError

__all__ = ["go_async", "go_sync"]


def go_sync(root: RootOp, is_async: bool) -> Outcome:
    """Run in this thread; an async body runs on the background loop while this thread waits."""
    if is_async:
        return _on_background_loop(root)
    with root.or_end():
        root.begin()
    sync_driver.drive(root)
    return _outcome(root)


def _on_background_loop(root: RootOp) -> Outcome:
    with root.or_end():
        loop = background_loop()
        if is_running(loop):
            raise OutsideRunError(
                f"invoke() of the async workflow {root.name!r} was called on the event loop that "
                f"it would run on. Write 'await {root.name}.ainvoke(...)'."
            )
    ended = threading.Event()
    future = asyncio.run_coroutine_threadsafe(go_async(root, True), loop)
    future.add_done_callback(lambda _: ended.set())

    def cancel() -> None:
        loop.call_soon_threadsafe(future.cancel)

    root.execution.on_stop = cancel
    try:
        while not ended.wait(LOOK_S):
            continue
        return future.result()
    except KeyboardInterrupt:
        root.execution.stop()
        loop.call_soon_threadsafe(future.cancel)
        while root.outcome is None:
            ended.wait(0.05)
        raise


async def go_async(root: RootOp, is_async: bool) -> Outcome:
    """Run on this loop; a plain body runs in a thread while this loop goes on.

    Cancelling the waiter stops the run, and is seen after it ended.
    """
    loop = asyncio.get_running_loop()
    if not is_async:
        return await _in_thread(root, loop)
    watch_lanes(loop)
    root.loop = root.execution.loop = loop
    with root.or_end():
        root.begin()
    root.ended = loop.create_future()
    runner = root.runner = asyncio.Task(
        async_driver.drive(root), loop=loop, context=root.take_context()
    )
    runner.add_done_callback(root.cancelled_unstarted)
    if root.execution.on_stop is None:
        root.execution.on_stop = lambda: _cancel(runner, loop)
    try:
        await asyncio.shield(root.ended)
    except asyncio.CancelledError:
        if not root.ended.done():
            root.execution.stop()
            runner.cancel()
            await asyncio.wait([root.ended])
        raise
    return _outcome(root)


def _cancel(runner: asyncio.Task[None], loop: asyncio.AbstractEventLoop) -> None:
    loop.call_soon_threadsafe(runner.cancel)


async def _in_thread(root: RootOp, loop: asyncio.AbstractEventLoop) -> Outcome:
    root.execution.loop = loop
    watch_lanes(loop)
    done = asyncio.Event()

    def work() -> None:
        try:
            sync_driver.drive(root)
        finally:
            loop.call_soon_threadsafe(done.set)

    with root.or_end():
        root.begin()
        threading.Thread(target=work, name="nbflow-body", daemon=True).start()
    try:
        await done.wait()
    except asyncio.CancelledError:
        root.execution.stop()
        for op in root.execution.unfinished():
            op.cancel_on_loop()
        await done.wait()
        raise
    return _outcome(root)


def _outcome(root: RootOp) -> Outcome:
    assert root.outcome is not None
    return root.outcome
