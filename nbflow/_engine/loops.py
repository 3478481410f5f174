"""The process's own event loop, for async workflows that run behind a cell or a plain call."""

from __future__ import annotations

import asyncio
import os
import threading

__all__ = ["background_loop"]

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_pid = 0


def background_loop() -> asyncio.AbstractEventLoop:
    """A loop that runs in a thread of its own; started on first use, and again after a fork."""
    global _loop, _pid
    with _lock:
        if _loop is None or _loop.is_closed() or _pid != os.getpid():
            _loop = asyncio.new_event_loop()
            _pid = os.getpid()
            threading.Thread(target=_loop.run_forever, name="nbflow-loop", daemon=True).start()
        return _loop
