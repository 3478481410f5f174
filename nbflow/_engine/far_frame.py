"""What the code of a task finds around it where an executor runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from nbflow.executors import InExecutorError
from nbflow.runtime import Runtime

if TYPE_CHECKING:
    from nbflow._current import Asking

__all__ = ["Elsewhere", "FarFrame", "Say"]

Say = Callable[..., None]
"""Tells the run something: what, as the name of a method here, and its arguments."""


class FarFrame:
    """One attempt of a task, as seen from inside it; it can tell the run things, and no more."""

    over = False

    def __init__(self, name: str, config: dict[str, Any], runtime: Runtime[Any], say: Say) -> None:
        self._name = name
        self._say = say
        self.config = config
        self.runtime = runtime.override(stream_writer=self.write, heartbeat=self.heartbeat)

    def write(self, data: Any) -> None:
        self._say("write", data)

    def write_token(self, text: str, id: str | None = None, **metadata: Any) -> None:
        self._say("write_token", text, id, **metadata)

    def write_printed(self, text: str, stream: str = "stdout") -> None:
        self._say("write_printed", text, stream)

    def heartbeat(self) -> None:
        self._say("heartbeat")

    def value_of(self, _name: str, make: Callable[[], Any]) -> Any:
        return make()

    def ask(self, _asking: Asking) -> NoReturn:
        self._refuse("interrupt() was called", "Ask in the entrypoint, and pass the answer on.")

    @property
    def execution(self) -> NoReturn:
        """What calls of tasks and workflows go to."""
        self._refuse(
            "another task or workflow was called or waited for",
            "Call it in the entrypoint, and pass its result on; or call the plain function: "
            "my_task.func(...).",
        )

    def _refuse(self, what: str, remedy: str) -> NoReturn:
        raise InExecutorError(f"In task {self._name!r}, which an executor runs, {what}. {remedy}")


class Elsewhere:
    """Stands for something of the run that is not sent: the store."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise InExecutorError(
            f".{name} of {self._what} was used in a task that an executor runs, and it stays with "
            "the run. Use it in the entrypoint, or in a task without executor, and pass on what "
            "the task needs."
        )
