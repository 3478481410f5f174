"""Who owns a thread: this process, another one that lives, or one that is gone."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nbflow._engine.leases import Leases
from nbflow.checkpoint.base import BaseCheckpointSaver, RunRow, ThreadRow

__all__ = ["disown", "is_alive", "owner_name", "owning", "stop_own"]

_leases = Leases()
_self: tuple[int, str] | None = None


def owner_name() -> str:
    """``host/pid/start/token`` of this process."""
    global _self
    pid = os.getpid()
    if _self is None or _self[0] != pid:
        token = uuid.uuid4().hex[:12]
        _self = (pid, f"{socket.gethostname()}/{pid}/{_start_of(pid)}/{token}")
        _leases.clear()
    return _self[1]


@contextmanager
def owning(
    saver: BaseCheckpointSaver, run: RunRow, epoch: int, stop: Callable[[], None] | None = None
) -> Iterator[str]:
    """Take a thread over inside, with the owner's name that is given: nobody in this process takes
    its new owner for dead meanwhile.

    Afterwards this process runs it and renews its lease, unless the taking over failed; see
    :func:`disown`.

    Args:
        stop: asks what will run on it to stop.
    """
    owner = owner_name()
    _leases.hold(saver, run, epoch, stop)
    try:
        yield owner
    except BaseException:
        disown(run.id, epoch)
        raise


def disown(run_id: str, epoch: int) -> None:
    """This process does not run it any more."""
    _leases.release(run_id, epoch)


def stop_own(thread: ThreadRow) -> bool:
    """Ask what runs on a thread to stop; False when this process does not run it."""
    held = None if thread.run is None else _leases.get(thread.run, thread.epoch)
    if held is None or thread.owner != owner_name():
        return False
    for stop in held.stops:
        stop()
    return True


def is_alive(thread: ThreadRow) -> bool:
    """Whether a thread's owner can still be at work.

    Nothing here can tell of a process on another host, nor of one that is frozen: those are alive
    until their lease ends.
    """
    owner = thread.owner
    if owner is None or thread.run is None:
        return False
    if owner == owner_name():
        return (thread.run, thread.epoch) in _leases
    return not _is_gone(owner) and (thread.lease_s is None or thread.lease_s > 0)


def _is_gone(owner: str) -> bool:
    """Whether it was a process of this host that is there no more."""
    match owner.rsplit("/", 3):
        case [host, pid, start, _token] if host == socket.gethostname() and pid.isdecimal():
            number = int(pid)
            return number == os.getpid() or not _exists(number) or _start_of(number) != start
    return False


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
    except OverflowError:
        return False
    return True


def _start_of(pid: int) -> str:
    """When a process started, so that a reused pid is not taken for it; "0" where unknown."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return "0"
