"""A workflow: what ``@entrypoint`` makes of a function, and how it is run and looked at."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbflow import serde
from nbflow._current import current_frame
from nbflow._engine.declaration import EntrypointSpec
from nbflow._engine.execution import Listener
from nbflow._engine.fingerprint import Fingerprint
from nbflow._engine.going import go_async, go_sync
from nbflow._engine.history import checkpoint_at, config_of, new_update, snapshot, snapshots
from nbflow._engine.opening import Opened, address_of, checkpoint_id, open_run, refuse_busy
from nbflow._engine.retry import as_policies
from nbflow._engine.root import Outcome
from nbflow._engine.signals import GentleStop
from nbflow._engine.stream import Chunks
from nbflow._hooks import hooks
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import InvalidUpdateError, OutsideRunError
from nbflow.events import Event
from nbflow.run import Run
from nbflow.types import Command, RetryPolicy, StateSnapshot

if TYPE_CHECKING:
    from nbflow.config import RunnableConfig
    from nbflow.store.base import BaseStore

__all__ = ["Workflow"]

InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")

_END = object()


class Workflow(Generic[InputT, OutputT]):
    """A function that can be run, stopped, continued and looked at; made by ``@entrypoint``.

    ``invoke`` and its siblings take the input, ``Command(resume=answer)`` to answer a question,
    or ``None`` to continue after an error. With a checkpointer they need
    ``config={"configurable": {"thread_id": ...}}``.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        checkpointer: BaseCheckpointSaver | None = None,
        store: BaseStore | None = None,
        context_schema: type[Any] | None = None,
        retry_policy: RetryPolicy | Sequence[RetryPolicy] | None = None,
    ) -> None:
        self.spec = EntrypointSpec(fn, name)
        self.name = self.spec.name
        self.saver = checkpointer
        self.store = store
        self.context_schema = context_schema
        self.policies = as_policies(retry_policy)
        self.live_types: dict[str, Any] = {}
        self._step = self.spec.as_task(self.policies)
        self._fingerprint: Fingerprint | None = None
        self.__wrapped__ = fn
        self.__doc__ = fn.__doc__

    def __repr__(self) -> str:
        return f"<nbflow workflow {self.name!r}>"

    @property
    def checkpointer(self) -> BaseCheckpointSaver | None:
        return self.saver

    @property
    def takes_none(self) -> bool:
        """Whether None is an input here: nothing is kept, so there is nothing to continue."""
        return self.saver is None

    def fingerprint(self) -> bytes:
        """Digest of the code this workflow can reach now: 16 bytes."""
        if self._fingerprint is None or not self._fingerprint.holds():
            self._fingerprint = Fingerprint(self.spec.fn)
        return self._fingerprint.digest

    # -- running ----------------------------------------------------------------------------

    def invoke(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] = "values",
    ) -> Any:
        """Run until the end or the next question.

        Returns:
            What the function returned, or ``{"__interrupt__": [Interrupt, ...]}`` when it asks.
            With another ``stream_mode``: the list of all chunks.

        Raises:
            NbflowError: the call was refused (busy thread, unknown question, ...).
            BaseException: what the function raised.
        """
        if stream_mode != "values":
            return list(self.stream(input, config, context=context, stream_mode=stream_mode))
        outer = self._outer(config)
        if outer is not None and not self.spec.is_async:
            return outer.execution.call(outer, self._step, (input,), {}, blocking=True).result()
        with GentleStop() as stop:
            opened = self._open(input, config, context, ())
            if opened.root is None:
                return opened.already
            stop.execution = opened.root.execution
            outcome = go_sync(opened.root, self.spec.is_async)
        return outcome.unwrap()

    async def ainvoke(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] = "values",
    ) -> Any:
        """``invoke`` for the event loop."""
        if stream_mode != "values":
            chunks = self.astream(input, config, context=context, stream_mode=stream_mode)
            return [chunk async for chunk in chunks]
        outer = self._outer(config)
        if outer is not None and outer.loop is not None:
            return await outer.execution.call(outer, self._step, (input,), {})
        opened = self._open(input, config, context, ())
        if opened.root is None:
            return opened.already
        return (await go_async(opened.root, self.spec.is_async)).unwrap()

    def stream(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] | None = None,
    ) -> Iterator[Any]:
        """Run, and yield what happens as it happens (159-177).

        Leaving the loop early stops the run at its next op; it can be continued.

        Args:
            stream_mode: ``updates`` (default; ``{task: result}`` for each task that finished),
                ``values``, ``custom``, ``messages``, or several in a list, which yields
                ``(mode, chunk)`` pairs.
        """
        chunks = Chunks(stream_mode)
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        opened = self._open(input, config, context, (inbox.put,))
        root = opened.root
        if root is None:
            yield from chunks.of_value(opened.already)
            return
        root.execution.wants_messages = chunks.wants_messages
        ended: list[Outcome] = []

        def work() -> None:
            try:
                ended.append(go_sync(root, self.spec.is_async))
            except BaseException as exc:
                ended.append(Outcome("error", exception=exc))
            finally:
                inbox.put(_END)

        worker = threading.Thread(
            target=copy_context().run, args=(work,), name="nbflow-stream", daemon=True
        )
        worker.start()
        try:
            while (event := inbox.get()) is not _END:
                yield from chunks.of(event)
        finally:
            if worker.is_alive() and not ended:
                root.execution.request_stop()
                root.execution.drop_unstarted()
            worker.join()
        if ended and ended[0].exception is not None:
            ended[0].unwrap()

    async def astream(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] | None = None,
    ) -> AsyncIterator[Any]:
        """``stream`` for the event loop."""
        chunks = Chunks(stream_mode)
        inbox: asyncio.Queue[Any] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        home = threading.get_ident()

        def put(event: Event) -> None:
            if threading.get_ident() == home:
                inbox.put_nowait(event)
            else:
                loop.call_soon_threadsafe(inbox.put_nowait, event)

        opened = self._open(input, config, context, (put,))
        root = opened.root
        if root is None:
            for chunk in chunks.of_value(opened.already):
                yield chunk
            return
        root.execution.wants_messages = chunks.wants_messages
        runner = loop.create_task(go_async(root, self.spec.is_async))
        runner.add_done_callback(lambda _: inbox.put_nowait(_END))
        try:
            while (event := await inbox.get()) is not _END:
                for chunk in chunks.of(event):
                    yield chunk
        finally:
            if not runner.done():
                runner.cancel()
                await asyncio.wait([runner])
        outcome = runner.result()
        if outcome.exception is not None:
            outcome.unwrap()

    def start(
        self,
        input: InputT | Command | None,
        thread_id: str | int | None = None,
        *,
        config: RunnableConfig | dict[str, Any] | None = None,
        context: Any = None,
    ) -> Run:
        """Begin a run in the background; shown in a cell it is the live view of the run.

        Args:
            thread_id: the thread to run on; a new name when left out.

        Raises:
            NbflowError: the call was refused; nothing was stored.
        """
        return Run.started(self, input, thread_id, dict(config or {}), context)

    def thread(self, thread_id: str | int) -> Run:
        """The newest run of a thread, to look at, to answer and to continue.

        Raises:
            UnknownThreadError: the database holds no such thread.
            WorkflowMismatchError: another workflow began it.
        """
        return Run.attached(self, str(thread_id))

    def _outer(self, config: Any) -> Any:
        """The op that calls this workflow as a step of its own: recorded there, not here.

        A thread of its own, or a run that nothing keeps, makes it a run of its own.
        """
        frame = current_frame.get()
        if frame is None or frame.execution.saver is None:
            return None
        thread_id = ((config or {}).get("configurable") or {}).get("thread_id")
        return frame if thread_id in (None, frame.execution.thread_id) else None

    def _open(self, input: Any, config: Any, context: Any, listeners: Sequence[Listener]) -> Opened:
        if config is not None and not isinstance(config, dict):
            raise TypeError(
                f"config= was given {type(config).__name__} {config!r}. Give a dict: "
                "{'configurable': {'thread_id': '1'}}."
            )
        settings: dict[str, Any] = {"metadata": {}, **(config or {})}
        run = None
        if hooks.started is not None and current_frame.get() is None:
            run = Run.watching(self, settings)
            listeners = (*listeners, run.log)
        opened = self.open(input, settings, context, listeners)
        if run is not None and opened.root is not None:
            run.follow(opened.root)
        return opened

    def open(
        self, input: Any, config: dict[str, Any], context: Any, listeners: Sequence[Listener]
    ) -> Opened:
        """Check and store what begins an execution; see :func:`open_run`."""
        observing = [observer() for observer in hooks.observers]
        listening = (*listeners, *observing)
        return open_run(self, input, config, self._context(context), listening)

    def _context(self, context: Any) -> Any:
        schema = self.context_schema
        if schema is None or context is None or not isinstance(context, dict):
            return context
        return schema(**context)

    # -- looking ----------------------------------------------------------------------------

    def get_state(self, config: RunnableConfig | dict[str, Any]) -> StateSnapshot:
        """The thread at its newest checkpoint, or at the one that ``config`` names (137-141).

        Raises:
            UnknownCheckpointError: the thread has no checkpoint of that name.
        """
        saver = self._saver("get_state")
        settings = dict(config)
        thread_id, ns = address_of(settings)
        row = checkpoint_at(saver, thread_id, ns, settings["configurable"].get("checkpoint_id"))
        if row is None:
            return StateSnapshot({}, (), settings, None, None, None, (), ())
        return snapshot(saver, row)

    async def aget_state(self, config: RunnableConfig | dict[str, Any]) -> StateSnapshot:
        return await asyncio.to_thread(self.get_state, config)

    def get_state_history(
        self,
        config: RunnableConfig | dict[str, Any],
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | dict[str, Any] | None = None,
        limit: int | None = None,
    ) -> Iterator[StateSnapshot]:
        """The thread's checkpoints, newest first (142).

        Args:
            filter: entries that the metadata must have.
            before: only checkpoints older than the one this configuration names.
            limit: at most so many.
        """
        saver = self._saver("get_state_history")
        thread_id, ns = address_of(dict(config))
        mark = None
        if before is not None:
            mark = before.get("configurable", {}).get("checkpoint_id")
        rows = saver.list_checkpoints(thread_id, ns, before=mark, limit=None if filter else limit)
        for at, shot in enumerate(snapshots(saver, rows, filter)):
            if at == limit:
                return
            yield shot

    async def aget_state_history(
        self, config: RunnableConfig | dict[str, Any], **choice: Any
    ) -> AsyncIterator[StateSnapshot]:
        for shot in await asyncio.to_thread(lambda: list(self.get_state_history(config, **choice))):
            yield shot

    def update_state(
        self,
        config: RunnableConfig | dict[str, Any],
        values: Any,
        as_node: str | None = None,
        *,
        force: bool = False,
    ) -> dict[str, Any]:
        """Replace what the next run gets as ``previous`` (133-136).

        Args:
            as_node: the workflow's own name, or nothing.
            force: drop the open questions of a waiting thread.

        Returns:
            The configuration that names the new checkpoint.

        Raises:
            InvalidUpdateError: another ``as_node``, or the thread waits for an answer.
        """
        saver = self._saver("update_state")
        if as_node not in (None, self.name):
            raise InvalidUpdateError(
                f"This workflow has no node {as_node!r}; its only one is {self.name!r}. Leave "
                "as_node out."
            )
        settings = dict(config)
        thread_id, ns = address_of(settings)
        encoded = serde.dumps(values)
        thread = saver.get_thread(thread_id, ns)
        if thread is not None and thread.status == "interrupted" and not force:
            raise InvalidUpdateError(
                f"Thread {thread_id!r} waits for an answer, which this update would drop. Nothing "
                "was stored. Answer it, or pass force=True."
            )
        if thread is not None:
            refuse_busy(thread)
        base = checkpoint_at(saver, thread_id, ns, settings["configurable"].get("checkpoint_id"))
        meta = serde.dumps(dict(settings.get("metadata") or {}))
        row = new_update(
            base, (thread_id, ns), checkpoint_id(int(time.time() * 1000)), encoded, meta
        )
        saver.update(row, thread.epoch if thread is not None else None)
        return config_of(thread_id, ns, row.id)

    async def aupdate_state(
        self,
        config: RunnableConfig | dict[str, Any],
        values: Any,
        as_node: str | None = None,
        *,
        force: bool = False,
    ) -> dict[str, Any]:
        return await asyncio.to_thread(self.update_state, config, values, as_node, force=force)

    def _saver(self, what: str) -> BaseCheckpointSaver:
        if self.saver is None:
            raise OutsideRunError(
                f"{what}() needs a checkpointer, and workflow {self.name!r} has none. Declare "
                "@entrypoint(checkpointer=InMemorySaver())."
            )
        return self.saver
