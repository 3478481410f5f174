"""How a test runs a workflow: by its sync or its async methods, with the same words.

One test body proves both halves of the API. Nothing here waits, retries or catches: an error of
the workflow is the test's to expect.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.testing._programs import HEX
from nbflow.types import StateSnapshot

__all__ = ["HEX", "Config", "Drive", "kinds_of", "on_thread", "within"]

T = TypeVar("T")
Config = dict[str, Any]


def on_thread(thread_id: str | int, **more: Any) -> Config:
    """The configuration that names a thread."""
    return {"configurable": {"thread_id": thread_id}, **more}


class Drive:
    """Calls ``invoke`` or ``ainvoke``, ``stream`` or ``astream`` and so on.

    Every async call has an event loop of its own, as in a script; so one saver serves several.
    """

    def __init__(self, mode: Literal["sync", "async"]) -> None:
        self.mode = mode

    def invoke(
        self, workflow: Any, value: Any, config: Config | None = None, **options: Any
    ) -> Any:
        if self.mode == "sync":
            return workflow.invoke(value, config, **options)
        return _run(workflow.ainvoke(value, config, **options))

    def stream(
        self, workflow: Any, value: Any, config: Config | None = None, **options: Any
    ) -> list[Any]:
        """All chunks."""
        chunks: list[Any] = []
        self.stream_into(chunks, workflow, value, config, **options)
        return chunks

    def stream_into(
        self,
        chunks: list[Any],
        workflow: Any,
        value: Any,
        config: Config | None = None,
        **options: Any,
    ) -> None:
        """Appends the chunks as they come, so that those before an error are there."""
        if self.mode == "sync":
            for chunk in workflow.stream(value, config, **options):
                chunks.append(chunk)
            return

        async def collect() -> None:
            async for chunk in workflow.astream(value, config, **options):
                chunks.append(chunk)

        _run(collect())

    def state(self, workflow: Any, config: Config, **options: Any) -> StateSnapshot:
        snapshot: StateSnapshot
        if self.mode == "sync":
            snapshot = workflow.get_state(config, **options)
        else:
            snapshot = _run(workflow.aget_state(config, **options))
        return snapshot

    def history(self, workflow: Any, config: Config, **options: Any) -> list[StateSnapshot]:
        """Newest first."""
        if self.mode == "sync":
            return list(workflow.get_state_history(config, **options))

        async def collect() -> list[StateSnapshot]:
            return [s async for s in workflow.aget_state_history(config, **options)]

        return _run(collect())

    def update(self, workflow: Any, config: Config, value: Any, **options: Any) -> Config:
        updated: Config
        if self.mode == "sync":
            updated = workflow.update_state(config, value, **options)
        else:
            updated = _run(workflow.aupdate_state(config, value, **options))
        return updated


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def kinds_of(saver: BaseCheckpointSaver, name: str) -> list[str]:
    """What the newest run of the only thread recorded of a task, in order; starts left out."""
    (thread,) = saver.list_threads()
    run = saver.list_runs(thread.thread_id)[0]
    return [op.kind for op in saver.get_ops(run.id) if op.name == name and op.kind != "start"]


def within(seconds: float, call: Callable[[], T]) -> T:
    """What ``call`` returns or raises; a failure instead of a hang when it takes too long."""
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as exc:
            outcome.append((None, exc))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"not finished after {seconds} s: a deadlock"
    value, error = outcome[0]
    if error is not None:
        raise error
    result: T = value
    return result
