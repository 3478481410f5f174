"""The process's own event loop, for async workflows that run behind a cell or a plain call."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress

__all__ = ["background_loop"]

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_pid = 0


def background_loop() -> asyncio.AbstractEventLoop:
    """A loop that runs in a thread of its own; started on first use, and again after a fork."""
    global _loop, _pid, _thread
    with _lock:
        if _loop is None or _thread is None or not _thread.is_alive() or _pid != os.getpid():
            _loop = asyncio.new_event_loop()
            _pid = os.getpid()
            _thread = threading.Thread(target=_run, args=(_loop,), name="nbflow-loop", daemon=True)
            _thread.start()
        return _loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop for good: a task that raises SystemExit ends itself, not the loop."""
    while not loop.is_closed():
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()
