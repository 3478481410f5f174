"""Which event loop async code runs on: one that runs already, or the process's own.

The process's own is for async workflows that run behind a cell or a plain call.
"""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING

from nbflow._engine.lanes import watch_lanes
from nbflow.errors import OutsideRunError

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.frame import Frame

__all__ = ["background_loop", "is_running", "loop_for", "on_a_loop"]

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_pid = 0


def background_loop() -> asyncio.AbstractEventLoop:
    """A loop that runs in a thread of its own; started on first use, and again after a fork."""
    return _own()[0]


def _own() -> tuple[asyncio.AbstractEventLoop, int | None]:
    """That loop, and its thread."""
    global _loop, _pid, _thread
    with _lock:
        if _loop is None or _thread is None or not _thread.is_alive() or _pid != os.getpid():
            _loop = Context().run(asyncio.new_event_loop)  # it keeps the context it was made in
            watch_lanes(_loop)
            _pid = os.getpid()
            _thread = threading.Thread(target=_run, args=(_loop,), name="nbflow-loop", daemon=True)
            _thread.start()
        return _loop, _thread.ident


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop for good: a task that raises SystemExit ends itself, not the loop."""
    while not loop.is_closed():
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()


def on_a_loop() -> bool:
    """Whether this thread runs an event loop now."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether this thread runs the loop now."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def loop_for(frame: Frame, task: TaskSpec) -> asyncio.AbstractEventLoop:
    """Where an async task runs that is called in a thread: on the loop of the async code that led
    there, else on the one that the run was begun on. A workflow may have the process's own.

    Raises:
        OutsideRunError: there is no loop, or plain code keeps its thread from running it.
    """
    above: Frame | None = frame
    waiting: set[int | None] = set()
    while above is not None and above.loop is None:
        waiting.add(above.home)
        above = above.op.caller
    thread: int | None
    if above is not None and above.loop is not None:
        loop, thread = above.loop, above.home
    elif frame.execution.loop is not None:
        return frame.execution.loop
    elif task.is_workflow:
        loop, thread = _own()
    else:
        raise OutsideRunError(
            f"The async task {task.name!r} was called in a plain function under invoke(), "
            "where no event loop runs. Use 'await workflow.ainvoke(...)', or make the "
            "entrypoint an async function."
        )
    if thread in waiting:
        raise OutsideRunError(
            f"{task.name!r} is async, and the event loop that it would run on waits for a plain "
            "workflow above it. Call that workflow with 'await workflow.ainvoke(...)', or make it "
            "an async function."
        )
    return loop
