"""What a task prints in a notebook is shown with the task, too.

The kernel's own streams keep their place in ``sys`` and print as before, in the cell. Each has an
``echo``, to which it repeats what is written to it, in the thread and context that writes: that is
where a run hears what its code prints. What code redirects elsewhere is not seen in the cell, and
not taken down either. (Methods put on a stream do not last: IPython puts its own there for each
cell, and takes them away again.)
"""

from __future__ import annotations

import sys
from typing import Any

from nbflow.config import get_print_writer
from nbflow.errors import OutsideRunError

__all__ = ["pass_on_prints", "stop_passing_on"]

_STREAMS = ("stdout", "stderr")


class _Echo:
    """Tells a run what its code prints; goes before the stream's own echo, if it has one."""

    def __init__(self, name: str, before: Any) -> None:
        self._name = name
        self.before = before

    def write(self, text: str) -> None:
        try:
            tell = get_print_writer()
        except OutsideRunError:
            pass
        else:
            tell(text, self._name)
        if self.before is not None:
            self.before.write(text)

    def flush(self) -> None:
        if self.before is not None:
            self.before.flush()


def pass_on_prints() -> None:
    """Have the kernel's streams tell a run what its code prints; a second call changes nothing."""
    for name in _STREAMS:
        stream = getattr(sys, name)
        if hasattr(stream, "echo") and not isinstance(stream.echo, _Echo):
            stream.echo = _Echo(name, stream.echo)


def stop_passing_on() -> None:
    """Leave the streams as they were."""
    for name in _STREAMS:
        stream = getattr(sys, name)
        if isinstance(getattr(stream, "echo", None), _Echo):
            stream.echo = stream.echo.before
