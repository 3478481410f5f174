"""Processes of their own that a test lets die."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from typing import Any

__all__ = ["ends", "killed"]

_WAIT_S = 60.0


def _exit_code(work: Callable[..., Any], arguments: tuple[Any, ...]) -> int | None:
    child = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    child.start()
    child.join(_WAIT_S)
    if child.exitcode is None:
        child.kill()
        child.join()
    code = child.exitcode
    child.close()
    return code


def killed(work: Callable[..., Any], *arguments: Any) -> None:
    """Do something in another process, which has to be killed in it."""
    assert _exit_code(work, arguments) == -signal.SIGKILL


def ends(work: Callable[..., Any], *arguments: Any) -> None:
    """Do something in another process, which has to come to its end."""
    assert _exit_code(work, arguments) == 0
