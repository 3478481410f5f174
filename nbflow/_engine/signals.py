"""Ctrl+C, the notebook's stop button, at a moment when it does no harm.

Python raises KeyboardInterrupt wherever the main thread happens to be. In the user's code that is
right; inside the engine or a lock it would leave things half done. There the run is told to stop,
and the exception follows as soon as the run has come to its end. A second one is raised at once.
"""

from __future__ import annotations

import signal
import sysconfig
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution

__all__ = ["GentleStop"]

_OURS = __file__.rsplit("_engine", 1)[0]
_STANDARD = sysconfig.get_path("stdlib")
_THIRD = sysconfig.get_path("purelib")


class GentleStop:
    """While inside, a KeyboardInterrupt is raised in the user's code only."""

    def __init__(self) -> None:
        self.execution: Execution | None = None
        """The run to stop; None until it is known."""
        self._pending = False
        self._installed = False

    def __enter__(self) -> GentleStop:
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handle)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._pending and not isinstance(exc, KeyboardInterrupt):
            raise KeyboardInterrupt

    def _handle(self, _signal: int, frame: FrameType | None) -> None:
        if self._pending or not _in_engine(frame):
            raise KeyboardInterrupt
        self._pending = True
        if self.execution is not None:
            self.execution.request_stop()


def _in_engine(frame: FrameType | None) -> bool:
    """Whether the innermost code that is not the standard library's is nbflow's."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_OURS):
            return True
        if not path.startswith(_STANDARD) or path.startswith(_THIRD):
            return False
        frame = frame.f_back
    return False
