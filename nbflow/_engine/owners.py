"""Who owns a thread: this process, another one that lives, or one that is gone."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["disown", "is_alive", "owner_name", "owning"]

_live: dict[tuple[str, int], int] = {}
"""Runs and epochs that this process owns, or is about to: two may try at once."""
_counting = threading.Lock()
_self: tuple[int, str] | None = None


def owner_name() -> str:
    """``host/pid/start/token`` of this process."""
    global _self
    pid = os.getpid()
    if _self is None or _self[0] != pid:
        token = uuid.uuid4().hex[:12]
        _self = (pid, f"{socket.gethostname()}/{pid}/{_start_of(pid)}/{token}")
        _live.clear()
    return _self[1]


@contextmanager
def owning(run_id: str, epoch: int) -> Iterator[str]:
    """Take a thread over inside, with the owner's name that is given: nobody in this process takes
    its new owner for dead meanwhile.

    Afterwards this process runs it, unless the taking over failed; see :func:`disown`.
    """
    owner = owner_name()
    _keep(run_id, epoch)
    try:
        yield owner
    except BaseException:
        disown(run_id, epoch)
        raise


def _keep(run_id: str, epoch: int) -> None:
    with _counting:
        _live[run_id, epoch] = _live.get((run_id, epoch), 0) + 1


def disown(run_id: str, epoch: int) -> None:
    """This process does not run it any more."""
    with _counting:
        left = _live.get((run_id, epoch), 0) - 1
        if left > 0:
            _live[run_id, epoch] = left
        else:
            _live.pop((run_id, epoch), None)


def is_alive(owner: str | None, run_id: str | None, epoch: int) -> bool:
    """Whether the owner of a running thread can still be at work.

    A process on another host counts as alive: nothing here can tell.
    """
    if owner is None or run_id is None:
        return False
    if owner == owner_name():
        return (run_id, epoch) in _live
    host, pid, start, _token = owner.rsplit("/", 3)
    if host != socket.gethostname():
        return True
    if int(pid) == os.getpid():
        return False
    return _exists(int(pid)) and _start_of(int(pid)) == start


def _exists(pid: int) -> bool:
    if os.name == "nt":
        import psutil

        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_of(pid: int) -> str:
    """When a process started, so that a reused pid is not taken for it; "0" where unknown."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return "0"
