"""Who answers, and from where: kept with every answer, for the audit and for assignees.

An identity is what a process says of itself. It is no proof: whoever can run code, or write to the
database, can say another name. Where that matters, let the server that starts the kernels set it.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

__all__ = ["USER_VARIABLES", "Responder", "acting_as", "responder"]

USER_VARIABLES = ("NBFLOW_USER", "JUPYTERHUB_USER")
"""Environment variables that name the person, the first one that is set."""

_NAME_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Responder:
    """Somebody who answers.

    >>> Responder(name="ada", via="code", where="host").name
    'ada'
    """

    name: str
    """The person's name."""
    via: str
    """How: ``code``, ``form``, ``inbox``, ``answers file``."""
    where: str
    """The notebook, if the kernel was told, and the machine."""


_name: ContextVar[str | None] = ContextVar("nbflow_responder", default=None)
_via: ContextVar[str] = ContextVar("nbflow_via", default="code")


def responder() -> Responder:
    """Who would answer here and now.

    The name is that of :func:`acting_as`, else of the environment variable ``NBFLOW_USER`` or
    ``JUPYTERHUB_USER``, else the one that the operating system knows.

    >>> with acting_as("ada"):
    ...     responder().name, responder().via
    ('ada', 'code')
    """
    return Responder(name=_name.get() or _user(os.environ), via=_via.get(), where=_where())


@contextmanager
def acting_as(name: str | None = None, *, via: str | None = None) -> Iterator[None]:
    """Answers given inside are this person's.

    Args:
        name: the person; left out, nothing changes.
        via: how the answer comes; left out, nothing changes.

    >>> with acting_as("ada", via="mail"):
    ...     responder().via
    'mail'
    """
    named = _name.set(_name.get() if name is None else name[:_NAME_CHARS])
    how = _via.set(_via.get() if via is None else via[:_NAME_CHARS])
    try:
        yield
    finally:
        _via.reset(how)
        _name.reset(named)


def _user(environment: Mapping[str, str]) -> str:
    for variable in USER_VARIABLES:
        if environment.get(variable):
            return environment[variable][:_NAME_CHARS]
    return _account()


@lru_cache(maxsize=1)
def _account() -> str:
    """The name that the operating system knows; a number where it knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _where() -> str:
    notebook = PurePath(os.environ.get("JPY_SESSION_NAME", "")).name
    host = socket.gethostname()
    return f"{notebook} on {host}"[:_NAME_CHARS] if notebook else host
