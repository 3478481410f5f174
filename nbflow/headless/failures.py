"""What can be wrong with a notebook that a program executes."""

from __future__ import annotations

from nbflow.errors import NbflowError

__all__ = ["NotebookCellError", "NotebookParameterError"]


class NotebookParameterError(NbflowError, ValueError):
    """A parameter that a notebook does not have, or that cannot be written into it."""


class NotebookCellError(NbflowError, RuntimeError):
    """A cell of an executed notebook failed, or its kernel died or took too long.

    Attributes:
        message: which cell of which notebook, and why; the text of the error.
        cell: the cell, by the number in ``In [n]``; 0 when the kernel did not start.
        type: class name of what the cell raised; ``DeadKernelError`` or ``CellTimeoutError``.
        traceback: as the notebook shows it, without colours; empty where there is none.
    """

    def __init__(self, message: str, cell: int = 0, type: str = "", traceback: str = "") -> None:
        super().__init__(message, cell, type, traceback)
        self.message = message
        self.cell = cell
        self.type = type
        self.traceback = traceback

    def __str__(self) -> str:
        return self.message
