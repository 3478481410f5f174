"""Drives a root op to the end of its execution, from a thread or from an event loop."""

from __future__ import annotations

import asyncio
import threading

from nbflow._engine import async_driver, sync_driver
from nbflow._engine.frame import watch_lanes
from nbflow._engine.loops import background_loop
from nbflow._engine.root import Outcome, RootOp

__all__ = ["go_async", "go_sync"]


def go_sync(root: RootOp, is_async: bool) -> Outcome:
    """Run in this thread; an async body runs on the background loop while this thread waits."""
    if is_async:
        future = asyncio.run_coroutine_threadsafe(go_async(root, True), background_loop())
        try:
            return future.result()
        except KeyboardInterrupt:
            root.execution.stop()
            future.cancel()
            raise
    root.begin()
    sync_driver.drive(root)
    return _outcome(root)


async def go_async(root: RootOp, is_async: bool) -> Outcome:
    """Run on this loop; a plain body runs in a thread while this loop goes on.

    Cancelling the waiter stops the run, and is seen after it ended.
    """
    loop = asyncio.get_running_loop()
    if not is_async:
        return await _in_thread(root, loop)
    watch_lanes(loop)
    root.loop = loop
    root.begin()
    runner = asyncio.Task(async_driver.drive(root), loop=loop, context=root.context)
    runner.add_done_callback(root.cancelled_unstarted)
    try:
        await asyncio.shield(runner)
    except asyncio.CancelledError:
        if not runner.done():
            root.execution.stop()
            runner.cancel()
            await asyncio.wait([runner])
        raise
    return _outcome(root)


async def _in_thread(root: RootOp, loop: asyncio.AbstractEventLoop) -> Outcome:
    root.execution.loop = loop
    done = asyncio.Event()

    def work() -> None:
        try:
            sync_driver.drive(root)
        finally:
            loop.call_soon_threadsafe(done.set)

    root.begin()
    threading.Thread(target=work, name="nbflow-body", daemon=True).start()
    try:
        await done.wait()
    except asyncio.CancelledError:
        root.execution.stop()
        await done.wait()
        raise
    return _outcome(root)


def _outcome(root: RootOp) -> Outcome:
    assert root.outcome is not None
    return root.outcome
