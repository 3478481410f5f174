"""A workflow: what ``@entrypoint`` makes of a function, and how it is run and looked at."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbflow._current import current_frame
from nbflow._described import Described
from nbflow._engine.caching import Cacheable
from nbflow._engine.declaration import EntrypointSpec
from nbflow._engine.execution import Listener
from nbflow._engine.fingerprint import Fingerprint
from nbflow._engine.going import go_async, go_sync
from nbflow._engine.in_a_graph import NODE_SIGNATURE, answer_to_graph
from nbflow._engine.judging import Judges
from nbflow._engine.limits import check_limits, check_limits_below
from nbflow._engine.nested_call import NestedCall, is_step
from nbflow._engine.opening import Call, Opened, open_run
from nbflow._engine.options import (
    DEFAULT,
    Options,
    as_output,
    options_of,
    refuse_left_out,
    refuse_traces,
)
from nbflow._engine.retry import as_policies
from nbflow._engine.sending import as_executor
from nbflow._engine.settings import given_settings, settings_apart, settings_of
from nbflow._engine.signals import GentleStop
from nbflow._engine.stream import Chunks
from nbflow._engine.streaming import Inbox, Mailbox, chunks_here, chunks_on_loop
from nbflow._engine.threads import abandoned
from nbflow._engine.timeouts import Timeout
from nbflow._engine.turns import Turn, place_of
from nbflow._hooks import hooks
from nbflow._states import ThreadStates
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import OutsideRunError, ThreadBusyError
from nbflow.run import Run
from nbflow.run_stream import CHANNELS, AsyncRunStream, RunStream
from nbflow.types import CachePolicy, Command, RetryPolicy

if TYPE_CHECKING:
    from nbflow.cache.base import BaseCache
    from nbflow.config import RunnableConfig
    from nbflow.store.base import BaseStore

__all__ = ["Workflow"]

InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")


class Workflow(ThreadStates, Described, Generic[InputT, OutputT]):
    """A function that can be run, stopped, continued and looked at; made by ``@entrypoint``.

    ``invoke`` and its siblings take the input, ``Command(resume=answer)`` to answer a question,
    or ``None`` to continue after an error. With a checkpointer they need
    ``config={"configurable": {"thread_id": ...}}``. ``name``, ``store``, ``cache``,
    ``cache_policy``, ``context_schema``, ``on_divergence`` and ``on_busy`` are what it was
    declared with.

    Called in the code of a run, it is a step of that run, which records its tasks and asks its
    questions, unless ``config`` names a thread of its own (16, 31).

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> double.invoke(4), list(double.stream(4))
    (8, [{'double': 8}])
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        name: str | None = None,
        checkpointer: BaseCheckpointSaver | bool | None = None,
        store: BaseStore | None = None,
        cache: BaseCache[Any] | None = None,
        cache_policy: CachePolicy | None = None,
        on_divergence: str = "error",
        on_busy: str = "reject",
        context_schema: type[Any] | None = None,
        retry_policy: RetryPolicy | Sequence[RetryPolicy] | None = None,
        timeout: Timeout = None,
        executor: Executor | None = None,
    ) -> None:
        self._spec: EntrypointSpec = EntrypointSpec(fn, name, timeout)
        """The function, looked at."""
        self.name: str = self._spec.name
        self.checkpointer = checkpointer
        """As it was declared: a saver; of nested workflows also True or False (16)."""
        self.saver: BaseCheckpointSaver | None = (
            None if isinstance(checkpointer, bool) else checkpointer
        )
        """What keeps its threads; None where nothing does, or the workflow that calls it."""
        self.store = store
        self.cache = cache
        self.cache_policy = cache_policy
        self.on_divergence = on_divergence
        self.on_busy = on_busy
        self._cacheable: Cacheable | None = (
            Cacheable(fn, self.name, cache_policy) if cache_policy else None
        )
        """How its own result is kept; None without a ``cache_policy``."""
        self.context_schema = context_schema
        self.executor: Executor | None = as_executor(executor, "entrypoint", self.name)
        """What runs the functions of its plain tasks; None for threads of the run's own."""
        self.policies: tuple[RetryPolicy, ...] = as_policies(retry_policy)
        """As declared; empty for one attempt."""
        self.judges: Judges = Judges()
        """Who judges answers to what this process's code asked."""
        keeps = checkpointer if isinstance(checkpointer, bool) else None
        self._step = self._spec.as_task(
            self.policies, keeps, store, cache, self._cacheable, executor
        )
        self._fingerprint: Fingerprint | None = None
        self.__wrapped__ = fn
        self.__name__: str = self.name
        self.__signature__ = NODE_SIGNATURE
        self.__doc__ = fn.__doc__

    def __repr__(self) -> str:
        return f"<nbflow workflow {self.name!r}>"

    def fingerprint(self) -> bytes:
        """Digest of the code this workflow can reach now: 16 bytes."""
        if self._fingerprint is None or not self._fingerprint.holds():
            self._fingerprint = Fingerprint(self._spec.fn)
        return self._fingerprint.digest

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        display = hooks.filled().display_workflow
        return {"text/plain": repr(self)} if display is None else display(self)

    @property
    def _workflow(self) -> Workflow[Any, Any]:
        return self

    def __call__(
        self, input: InputT, config: RunnableConfig | dict[str, Any] | None = None
    ) -> OutputT:
        """:meth:`invoke`, for whoever calls functions: a LangGraph graph, whose node this can be.

        Raises:
            RunPendingError: the workflow asks, and the caller of a function cannot answer.
        """
        value: OutputT = answer_to_graph(self.name, self.invoke(input, config))
        return value

    # -- running ----------------------------------------------------------------------------

    def invoke(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] = "values",
        durability: str | None = None,
        control: Any = None,
        version: str = "v1",
        **more: Any,
    ) -> Any:
        """Run until the end or the next question.

        Args:
            context: handed to the code as ``runtime.context``; a dict becomes ``context_schema``.
            stream_mode: another one than ``values`` gives the list of all chunks.
            durability: ``"exit"`` stores nothing before the end or a pause, so a crash loses the
                run's progress; ``"sync"`` (default) and ``"async"`` store each result before it
                is seen (86, 87).
            control: a :class:`~nbflow.runtime.RunControl` to stop the run from elsewhere.
            version: ``"v2"`` returns a :class:`~nbflow.types.GraphOutput` (178).

        Returns:
            What the function returned, or ``{"__interrupt__": [Interrupt, ...]}`` when it asks.

        Raises:
            NbflowError: the call was refused (busy thread, unknown question, ...).
            BaseException: what the function raised.
        """
        if stream_mode != "values" or more:
            return list(
                self.stream(
                    input, config, context=context, stream_mode=stream_mode,
                    durability=durability, control=control, version=version, **more,
                )
            )  # fmt: skip
        nested = self._nested(input, config, context)
        if nested is not None:
            return as_output(nested.result(), version)
        options = options_of(durability, control)
        with GentleStop() as stop:
            opened = self._open(input, config, context, (), options).taken()
            if opened.root is None:
                return as_output(opened.already, version)
            stop.stops(opened.root.execution)
            outcome = go_sync(opened.root, self._spec.is_async)
        return as_output(outcome.unwrap(), version)

    async def ainvoke(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] = "values",
        durability: str | None = None,
        control: Any = None,
        version: str = "v1",
        **more: Any,
    ) -> Any:
        """:meth:`invoke` for the event loop."""
        if stream_mode != "values" or more:
            chunks = self.astream(
                input, config, context=context, stream_mode=stream_mode, durability=durability,
                control=control, version=version, **more,
            )  # fmt: skip
            return [chunk async for chunk in chunks]
        nested = self._nested(input, config, context)
        if nested is not None:
            return as_output(await nested.awaited(), version)
        options = options_of(durability, control)
        opened = await self._open(input, config, context, (), options).awaited()
        if opened.root is None:
            return as_output(opened.already, version)
        return as_output((await go_async(opened.root, self._spec.is_async)).unwrap(), version)

    def stream(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] | None = None,
        print_mode: str | Sequence[str] = (),
        subgraphs: bool = False,
        durability: str | None = None,
        control: Any = None,
        version: str = "v1",
        **unknown: Any,
    ) -> Generator[Any, None, None]:
        """Run, and yield what happens as it happens (159-181).

        Leaving the loop early stops the run at its next op; it can be continued.

        Args:
            stream_mode: ``updates`` (default; ``{task: result}`` for each task that finished),
                ``values``, ``custom``, ``messages``, ``tasks``, ``checkpoints``, ``debug``, or
                several in a list, which yields ``(mode, chunk)`` pairs. Chunks of ``tasks`` about
                a call that did not run have ``replayed`` or ``cached``.
            print_mode: modes whose chunks are printed besides.
            subgraphs: also what nested workflows do; each chunk begins with its namespace, the
                path of calls that led there.
            version: ``"v2"`` yields a :class:`~nbflow.types.StreamPart` each.

        Raises:
            ValueError: an unknown mode, version or durability.
        """
        refuse_left_out(unknown)
        nested = self._nested(input, config, context)
        base = () if nested is None else nested.namespace
        chunks = Chunks(
            stream_mode, subgraphs=subgraphs, version=version, base=base, printed=print_mode
        )
        inbox = Inbox(chunks)
        if nested is not None:
            yield from nested.chunks(inbox)
            return
        options = options_of(durability, control, chunks)
        opened = _opened_here(self._open(input, config, context, (inbox.hear,), options))
        if opened.root is None:
            yield from chunks.of_value(opened.already)
        else:
            yield from chunks_here(opened.root, self._spec.is_async, inbox)

    async def astream(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        context: Any = None,
        stream_mode: str | Sequence[str] | None = None,
        print_mode: str | Sequence[str] = (),
        subgraphs: bool = False,
        durability: str | None = None,
        control: Any = None,
        version: str = "v1",
        **unknown: Any,
    ) -> AsyncGenerator[Any, None]:
        """:meth:`stream` for the event loop."""
        refuse_left_out(unknown)
        nested = self._nested(input, config, context)
        base = () if nested is None else nested.namespace
        chunks = Chunks(
            stream_mode, subgraphs=subgraphs, version=version, base=base, printed=print_mode
        )
        mailbox = Mailbox(chunks)
        if nested is not None:
            going = nested.chunks_on_loop(mailbox)
        else:
            options = options_of(durability, control, chunks)
            opened = await self._open(input, config, context, (mailbox.hear,), options).awaited()
            if opened.root is None:
                for chunk in chunks.of_value(opened.already):
                    yield chunk
                return
            going = chunks_on_loop(opened.root, self._spec.is_async, mailbox)
        try:
            async for chunk in going:
                yield chunk
        finally:
            await going.aclose()

    def stream_events(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        version: str = "v3",
        **options: Any,
    ) -> RunStream:
        """Run, and read what happens by channels (180, 182); see :class:`RunStream`.

        Args:
            options: as :meth:`stream` takes them, without modes.

        Raises:
            NotImplementedError: another version, which is LangChain's trace of runnables.
        """
        refuse_traces(version)
        return RunStream(
            self.stream(
                input, config, stream_mode=CHANNELS, subgraphs=True, version="v2", **options
            )
        )  # fmt: skip

    async def astream_events(
        self,
        input: InputT | Command | None,
        config: RunnableConfig | dict[str, Any] | None = None,
        *,
        version: str = "v3",
        **options: Any,
    ) -> AsyncRunStream:
        """:meth:`stream_events` for the event loop: ``await`` it, then read it."""
        refuse_traces(version)
        return AsyncRunStream(
            self.astream(
                input, config, stream_mode=CHANNELS, subgraphs=True, version="v2", **options
            )
        )  # fmt: skip

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
        self.fingerprint()  # from here on the code's classes are known, to be read as themselves
        return Run.attached(self, str(thread_id))

    def recover(self) -> list[Run]:
        """Go on, in the background, with the runs that nobody is at work on any more.

        Their process has ended, or was not heard of for as long as its lease (``saver.lease_s``).
        A run that another process takes over at the same moment is left to it; so any number of
        workers may call this, at their start and every now and then.

        Raises:
            MissingSaverError: the workflow keeps nothing.

        >>> from nbflow.checkpoint.memory import InMemorySaver
        >>> from nbflow.func import entrypoint
        >>> @entrypoint(checkpointer=InMemorySaver())
        ... def double(n: int) -> int:
        ...     return 2 * n
        >>> double.recover()
        []
        """
        saver, runs = self._saver("recover"), list[Run]()
        for thread_id, ns in abandoned(saver, self.name):
            config = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ns}}
            with suppress(ThreadBusyError):
                runs.append(self.start(None, config=config))
        return runs

    def _nested(self, input: Any, config: Any, context: Any) -> NestedCall | None:
        """The call as a step of the run that it is made in; None for a run of its own."""
        frame = current_frame.get()
        if frame is None:
            return None
        given = given_settings(config)
        if not is_step(frame.execution, self.saver, given):
            return None
        check_limits_below(frame.execution.config, given)
        return NestedCall(frame, self._step, input, given, self._context(context))

    def _open(
        self,
        input: Any,
        config: Any,
        context: Any,
        listeners: Sequence[Listener],
        options: Options,
    ) -> Turn[Opened]:
        settings, frame = given_settings(config), current_frame.get()
        if frame is not None:
            settings = settings_apart(frame.config, settings)
        run = None
        if frame is None and hooks.started is not None:
            run = Run.watching(self, settings, input)
            listeners = (*listeners, run.log)
        begin = partial(self._opened, input, settings, context, listeners, options)
        return Turn(
            place_of(self, settings), begin, None if run is None else run._follow,
            Opened.give_up if self.saver is not None and self.saver.lease_s is not None else None,
        )  # fmt: skip

    def _opened(
        self,
        input: Any,
        config: dict[str, Any],
        context: Any,
        listeners: Sequence[Listener],
        options: Options = DEFAULT,
    ) -> Opened:
        """Check and store what begins an execution; see :func:`open_run`."""
        settings = settings_of(config)
        check_limits(settings)
        if self.checkpointer is True:
            raise OutsideRunError(
                f"{self.name!r} is declared with checkpointer=True, which keeps it on the thread "
                "of the workflow that calls it, and none does. Give it a saver of its own."
            )
        listening = (*listeners, *[observer() for observer in hooks.observers])
        call = Call(self, input, settings, self._context(context), listening, options)
        opened = open_run(call)
        opened.look()
        return opened

    def _context(self, context: Any) -> Any:
        schema = self.context_schema
        if schema is None or context is None or not isinstance(context, dict):
            return context
        try:
            return schema(**context)
        except Exception as exc:
            exc.add_note(
                f"context= of workflow {self.name!r} does not fit its context_schema "
                f"{schema.__name__}. Nothing was run."
            )
            raise


def _opened_here(turn: Turn[Opened]) -> Opened:
    """What is opened in this thread; a Ctrl+C meanwhile gives it up."""
    opened = None
    try:
        with GentleStop():
            opened = turn.taken()
    except KeyboardInterrupt:
        if opened is not None:
            opened.give_up()
        raise
    return opened
