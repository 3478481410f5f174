"""What the server extension refuses, each with its status and a word that a program can read."""

from __future__ import annotations

from nbflow.errors import NbflowError

__all__ = ["RefusedError"]


class RefusedError(NbflowError):
    """A request that is not served; the message says what was expected and what to do.

    Args:
        status: of HTTP, 400 to 499.
        reason: a word for programs.
        message: for people.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(status, reason, message)
        self.status = status
        """Of HTTP."""
        self.reason = reason
        """``bad_request``, ``outside``, ``hidden``, ``missing``, ``no_database`` or
        ``not_named``."""

    def __str__(self) -> str:
        return str(self.args[2])
