"""A workflow called inside a run is a step of that run: how it is begun, read and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from nbflow._engine.future import SyncAsyncFuture
from nbflow._engine.loops import is_running, loop_for
from nbflow._engine.settings import settings_below
from nbflow._engine.streaming import Inbox, Mailbox
from nbflow._engine.threads import thread_id_of
from nbflow.errors import OutsideRunError
from nbflow.types import Command

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame
    from nbflow._engine.future import AsyncTaskFuture
    from nbflow.checkpoint.base import BaseCheckpointSaver

__all__ = ["NestedCall", "is_step"]


def is_step(execution: Execution, saver: BaseCheckpointSaver | None, given: dict[str, Any]) -> bool:
    """Whether a workflow that is called in a run is a step of it: unless it has its own thread.

    That is another one than the run's; where nothing keeps the run, one that its saver keeps.
    """
    thread_id = thread_id_of(given)
    if thread_id is None:
        return True
    return saver is None if execution.saver is None else thread_id == execution.thread_id


class NestedCall:
    """One call of a workflow in the code of another one.

    Args:
        frame: the attempt that calls.
        step: the workflow as a step.
        given: what ``config=`` was.
        context: None keeps the caller's own.

    Raises:
        OutsideRunError: the input is an answer.
    """

    waits_here = False
    """Whether the caller waits in the thread that calls, even where an event loop runs in it."""

    def __init__(
        self, frame: Frame, step: TaskSpec, input: Any, given: dict[str, Any], context: Any
    ) -> None:
        if isinstance(input, Command):
            raise OutsideRunError(
                f"An answer was sent to {step.name!r} inside a run, where its questions are those "
                "of the run. Nothing was run. Send it to the workflow that began the run; or name "
                "the thread that asked in config=."
            )
        self.config = settings_below(frame.config, given) if given else None
        """What its code sees; None keeps the caller's own."""
        self._frame = frame
        self._step = step
        self._input = input
        self.context = context

    @property
    def namespace(self) -> tuple[str, ...]:
        """Where its events are, before it is begun (173)."""
        return self._frame.op.peek_namespace(self._step.keeps)

    def result(self) -> Any:
        """Begin it, and wait in this thread."""
        return self._begin(waits_here=True).result()

    async def awaited(self) -> Any:
        """Begin it, and wait on whichever event loop runs here."""
        future = self._begin()
        if isinstance(future, SyncAsyncFuture):
            # a pause that is there at once would stop those that are called beside it
            await asyncio.sleep(0)
        return await future

    def chunks(self, inbox: Inbox) -> Iterator[Any]:
        """Begin it, and yield in this thread what happens in it."""
        with self._frame.execution.heard_by(inbox.hear):
            future = self._begin(waits_here=True)
            with self._read_by(inbox, future):
                yield from inbox
        future.result()

    async def chunks_on_loop(self, mailbox: Mailbox) -> AsyncGenerator[Any, None]:
        """Begin it, and yield on whichever event loop runs here what happens in it."""
        with self._frame.execution.heard_by(mailbox.hear):
            future = self._begin()
            with self._read_by(mailbox, future):
                async for chunk in mailbox:
                    yield chunk
        await future

    @contextmanager
    def _read_by(
        self, box: Inbox | Mailbox, future: SyncAsyncFuture[Any] | AsyncTaskFuture[Any]
    ) -> Iterator[None]:
        """Who reads waits for the end, though not by the future."""
        op = future._op if isinstance(future, SyncAsyncFuture) else None
        future.add_done_callback(box.end)
        if op is None:
            yield
            return
        op.start_soon()
        places = op.execution.places
        with nullcontext() if places is None else places.waiting(self._frame.op, op):
            yield

    def _begin(self, *, waits_here: bool = False) -> SyncAsyncFuture[Any] | AsyncTaskFuture[Any]:
        frame, step = self._frame, self._step
        if waits_here and step.is_async and is_running(loop_for(frame, step)):
            raise OutsideRunError(
                f"The async workflow {step.name!r} was called on the event loop that it would "
                f"run on, and its caller waits there. Write 'await {step.name}.ainvoke(...)' "
                "or astream(...)."
            )
        self.waits_here = waits_here
        return frame.execution.call(frame, step, (self._input,), {}, nested=self)
