"""What every workflow is for whoever shows it: something with a name, an input and threads.

:class:`~nbflow.workflow.Workflow` is one that ``@entrypoint`` made, :class:`~nbflow.guests.graph.
AdoptedGraph` somebody else's graph. Forms and views stand on this.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.checkpoint.base import BaseCheckpointSaver
    from nbflow.types import StateSnapshot

__all__ = ["BaseWorkflow"]


class BaseWorkflow(ABC):
    """What can be started, looked at and continued.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int = 1) -> int:
    ...     return 2 * n
    >>> isinstance(double, BaseWorkflow), double.keeps_threads, double.input_parameter.default
    (True, False, 1)
    """

    name: str
    """What it is called in every view."""
    saver: BaseCheckpointSaver | None
    """nbflow's own saver that keeps the threads; None where nothing does, or another program."""

    @property
    def keeps_threads(self) -> bool:
        """Whether there is a thread to go back to."""
        return self.saver is not None

    @property
    def forks_at_ops(self) -> bool:
        """Whether a run can be branched off after each of its tasks and answers."""
        return True

    @property
    def home(self) -> str | None:
        """The module that it is written in; None where nothing says so."""
        return None

    @property
    @abstractmethod
    def call_signature(self) -> inspect.Signature:
        """As it is called: the input alone, with its default, and what is returned."""

    @property
    def input_parameter(self) -> inspect.Parameter:
        """What takes the input."""
        return next(iter(self.call_signature.parameters.values()))

    @property
    @abstractmethod
    def input_type(self) -> Any:
        """What an input is made into where it comes as JSON; ``Any`` for what it is."""

    @property
    @abstractmethod
    def output_type(self) -> Any:
        """What the caller gets; ``Any`` where nothing says so."""

    @abstractmethod
    def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
        """JSON Schema of the input; ``{}`` where nothing is said of it."""

    @abstractmethod
    def get_output_jsonschema(self, config: Any = None) -> dict[str, Any]:
        """JSON Schema of the result; ``{}`` where nothing is said of it."""

    @abstractmethod
    def thread_status(self, thread_id: str) -> str | None:
        """How a thread stands; None where there is none of that name."""

    @abstractmethod
    def start(self, input: Any, thread_id: Any = None) -> BaseRun:
        """Begin a run in the background."""

    @abstractmethod
    def thread(self, thread_id: Any) -> BaseRun:
        """The newest run of a thread."""

    @abstractmethod
    def get_state(self, config: Any) -> StateSnapshot:
        """The thread at its newest checkpoint, or at the one that ``config`` names."""

    @abstractmethod
    def get_state_history(self, config: Any) -> Iterator[StateSnapshot]:
        """The thread's checkpoints, newest first."""

    @abstractmethod
    def get_input(self, config: Any) -> Any:
        """What to begin with again on another state of the thread."""

    @abstractmethod
    def update_state(self, config: Any, values: Any, *, force: bool = False) -> dict[str, Any]:
        """Store another state; returns the configuration that names its checkpoint."""
