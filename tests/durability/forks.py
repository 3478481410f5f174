"""Children that are forked from a process without threads, and killed.

Forking costs a hundredth of a new Python, so hundreds of kills take seconds.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable

__all__ = ["Child", "note_in"]


class Child:
    """A process that does one thing.

    Args:
        work: what it does; then it ends without any cleaning up.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._status: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                work()
                code = 0
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)

    def kill_after(self, seconds: float) -> None:
        time.sleep(seconds)
        os.kill(self.pid, signal.SIGKILL)

    def freeze(self) -> bool:
        """Stop it where it is; False when it has ended."""
        os.kill(self.pid, signal.SIGSTOP)
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        self._status = None if os.WIFSTOPPED(status) else status
        return self._status is None

    def was_killed(self) -> bool:
        """Wait for its end; False when it came to the end of its work.

        Raises:
            AssertionError: its work raised an exception.
        """
        status = os.waitpid(self.pid, 0)[1] if self._status is None else self._status
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            return True
        assert os.WEXITSTATUS(status) == 0, "a child failed; see its traceback"
        return False


def note_in(path: str) -> Callable[[str], None]:
    """Writes lines to a file, each at once and whole, so that a kill loses and splits none."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(line: str) -> None:
        os.write(file, f"{line}\n".encode())

    return note
