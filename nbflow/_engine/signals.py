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

__all__ = ["LOOK_S", "GentleStop", "heed_stop"]

LOOK_S = 0.5
"""Whoever waits looks up so often: a signal that came as it was about to wait does not wake it."""

_STANDARD = sysconfig.get_path("stdlib")
_THIRD = sysconfig.get_path("purelib")


class GentleStop:
    """While inside, a KeyboardInterrupt is raised in the user's code only."""

    def __init__(self) -> None:
        self.pending = False
        """Whether it has come, and is not raised yet."""
        self._execution: Execution | None = None
        self._installed = False

    def __enter__(self) -> GentleStop:
        if threading.current_thread() is threading.main_thread():
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._handle)
                self._installed = True
            _inside.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self in _inside:
            _inside.remove(self)
        if self._installed and signal.getsignal(signal.SIGINT) == self._handle:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.pending and not isinstance(exc, KeyboardInterrupt):
            raise KeyboardInterrupt

    def stops(self, execution: Execution) -> None:
        """From now on it is this run that is stopped; at once, if that was asked before."""
        self._execution = execution
        if _is_pending():
            execution.request_stop()

    def _handle(self, _signal: int, frame: FrameType | None) -> None:
        if self.pending or not _in_engine(frame):
            raise KeyboardInterrupt
        self.pending = True
        for one in tuple(_inside):
            if one._execution is not None:
                one._execution.request_stop()


_inside: list[GentleStop] = []
"""The calls of the main thread that are under way, the outermost first."""


def heed_stop() -> None:
    """Called where nothing is begun, and may not be for long: raise what has come meanwhile.

    Raises:
        KeyboardInterrupt: it has.
    """
    if _is_pending():
        raise KeyboardInterrupt


def _is_pending() -> bool:
    """Whether a stop of what this thread does has come, and is not raised yet."""
    here = threading.current_thread() is threading.main_thread()
    return here and any(one.pending for one in _inside)


def _in_engine(frame: FrameType | None) -> bool:
    """Whether the innermost code that is not the standard library's is nbflow's."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).split(".")[0] == "nbflow":
            return True
        path = frame.f_code.co_filename
        standard = path.startswith(_STANDARD) and not path.startswith(_THIRD)
        if not standard and not path.startswith("<frozen "):
            return False
        frame = frame.f_back
    return False
