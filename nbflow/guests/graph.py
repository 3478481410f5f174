"""A graph of LangGraph's behind nbflow's views."""

from __future__ import annotations

import inspect
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from nbflow._hooks import hooks
from nbflow.base_workflow import BaseWorkflow
from nbflow.compare import differences
from nbflow.errors import (
    DeclarationError,
    InvalidUpdateError,
    MissingSaverError,
    NbflowError,
    ThreadBusyError,
    UnknownThreadError,
)
from nbflow.guests.adopted_run import AdoptedRun
from nbflow.guests.driver import Driver, needs_async
from nbflow.guests.input_schemas import readable
from nbflow.guests.snapshots import as_snapshot, config_of

if TYPE_CHECKING:
    from nbflow.checkpoint.base import BaseCheckpointSaver
    from nbflow.types import StateSnapshot

__all__ = ["AdoptedGraph", "adopt"]

_INPUT = inspect.Signature([inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD)])


def adopt(graph: Any, *, name: str | None = None, is_async: bool | None = None) -> AdoptedGraph:
    """Put a graph of LangGraph's behind the views that nbflow's own workflows have.

    Its stream becomes tasks and messages, its interrupts become forms, and its checkpoints the
    history, with forks and edited states. LangGraph runs it and keeps its threads, in the saver
    that it was compiled with, sync or async.

    Args:
        graph: a compiled ``StateGraph``, an ``@entrypoint`` of LangGraph's, or an agent that
            LangChain's ``create_agent`` made.
        name: what it is called in the views; the graph's own name when left out.
        is_async: whether its async methods are used; looked up when left out: they are where a
            node or a tool has no sync function, and where the saver belongs to a loop.

    Raises:
        DeclarationError: it is no compiled graph.

    >>> from langgraph.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> adopt(double).start(4).result()
    8
    """
    needed = ("stream", "astream", "get_state", "update_state", "nodes", "checkpointer")
    if not all(hasattr(graph, part) for part in needed):
        todo = "adopt(graph.compile())" if hasattr(graph, "compile") else "pass a compiled graph"
        raise DeclarationError(
            f"adopt() takes a graph that LangGraph can run, and {type(graph).__name__} is none: "
            f"{todo}. A workflow of nbflow's own needs no adoption."
        )
    return AdoptedGraph(graph, name, needs_async(graph) if is_async is None else is_async)


class AdoptedGraph(BaseWorkflow):
    """What :func:`nbflow.adopt` makes of a graph; shown in a cell it is a form that starts a run.

    >>> from langgraph.checkpoint.memory import InMemorySaver
    >>> from langgraph.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> graph = adopt(double)
    >>> graph.invoke(4, {"configurable": {"thread_id": "1"}})
    8
    >>> [shot.values for shot in graph.thread("1").history(limit=1)]
    [8]
    """

    def __init__(self, graph: Any, name: str | None, is_async: bool) -> None:
        self.graph = graph
        """LangGraph's own."""
        is_function = "__previous__" in graph.channels
        own = next(iter(graph.nodes)) if is_function else graph.name
        self.name: str = name or ("graph" if own == "LangGraph" else own)
        """What it is called in every view."""
        self.saver: BaseCheckpointSaver | None = None
        """None: LangGraph's saver keeps the threads."""
        self.driver: Driver = Driver(graph, is_async=is_async)
        """How it is called."""
        self.unseen: str | None = own if is_function else None
        """The name of the task that is the run itself; None for none."""
        self.__doc__ = getattr(graph, "description", None)
        self._runs: WeakValueDictionary[str, AdoptedRun] = _runs_of(graph.checkpointer)

    def __repr__(self) -> str:
        return f"<nbflow adopted graph {self.name!r}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        display = hooks.filled().display_workflow
        return {"text/plain": repr(self)} if display is None else display(self)

    # -- what it is -------------------------------------------------------------------------

    @property
    def keeps_threads(self) -> bool:
        """Whether it was compiled with a saver."""
        return self.graph.checkpointer not in (None, True, False)

    @property
    def forks_at_ops(self) -> bool:
        """False: it branches at its checkpoints, of which there is one after each step."""
        return False

    @property
    def call_signature(self) -> inspect.Signature:
        """``(input)``."""
        return _INPUT

    @property
    def input_type(self) -> Any:
        """``Any``: LangGraph makes of an input what it needs."""
        return Any

    @property
    def output_type(self) -> Any:
        """``Any``."""
        return Any

    def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:
        """JSON Schema of the input; chat messages in it as ``{"role", "content"}``."""
        return readable(self.graph)

    def get_output_jsonschema(self, config: Any = None) -> dict[str, Any]:
        """``{}``: a state is shown as it is."""
        return {}

    # -- running ----------------------------------------------------------------------------

    def start(
        self,
        input: Any,
        thread_id: str | int | None = None,
        *,
        config: dict[str, Any] | None = None,
        context: Any = None,
    ) -> AdoptedRun:
        """Begin a run in the background; shown in a cell it is the live view of the run.

        Args:
            thread_id: the thread to run on; a new name when left out.
            config: as LangGraph takes it.

        Raises:
            ThreadBusyError: a run on this thread goes on in this process.
            Exception: what LangGraph refuses the input with; nothing was begun.
        """
        given = dict(config or {})
        configurable = dict(given.get("configurable") or {})
        if thread_id is not None:
            configurable["thread_id"] = str(thread_id)
        if self.keeps_threads:
            configurable.setdefault("thread_id", uuid.uuid4().hex[:8])
        checkpoint_id = configurable.pop("checkpoint_id", None)
        thread = configurable.get("thread_id")
        settings = {**given, "configurable": configurable}
        run = AdoptedRun(self, None if thread is None else str(thread), settings, context)
        run.go(input, checkpoint_id)
        return run

    def invoke(
        self, input: Any, config: dict[str, Any] | None = None, *, context: Any = None
    ) -> Any:
        """Run until the end or the next question, as LangGraph's ``invoke``, and be seen.

        Args:
            input: also ``None``, to go on, and LangGraph's ``Command(resume=answer)``.

        Returns:
            The state, or ``{"__interrupt__": [Interrupt, ...]}`` when it asks.

        Raises:
            BaseException: what the graph raised.
        """
        run = self.start(input, config=config, context=context)
        if hooks.started is not None:
            hooks.started(run)
        if run.wait() in ("interrupted", "ready"):
            return {"__interrupt__": list(run.interrupts)}
        return run.result()

    def thread(
        self,
        thread_id: str | int,
        *,
        config: dict[str, Any] | None = None,
        context: Any = None,
    ) -> AdoptedRun:
        """The newest run of a thread, to look at, to answer and to continue.

        Args:
            config: what the run goes on with, as ``start`` takes it; LangGraph keeps none of it.
            context: the same.

        Raises:
            MissingSaverError: nothing is kept.
            UnknownThreadError: the saver holds no such thread.
        """
        self.refuse_unkept("thread")
        name = str(thread_id)
        known = self._runs.get(name)
        if known is not None and known.is_at_work:
            return known
        is_given = config is not None or context is not None
        if known is not None and known.workflow is self and known.is_newest() and not is_given:
            return known
        if self.thread_status(name) is None:
            raise UnknownThreadError(
                f"There is no thread {name!r} in the checkpointer of {self.name!r}. Begin one: "
                "adopted.start(input, thread_id=...)."
            )
        if known is not None and not is_given:
            settings, context = known.settings
        else:
            own = dict((config or {}).get("configurable") or {})
            settings = {**(config or {}), "configurable": {**own, "thread_id": name}}
        run = AdoptedRun(self, name, settings, context)
        run.take_past()
        self._runs[name] = run
        return run

    def claim(self, run: AdoptedRun) -> None:
        """Let a run go on; only one of a thread does in this process.

        Raises:
            ThreadBusyError: another one goes on.
        """
        with _claiming:
            self._refuse_busy(run.thread_id)
            if run.thread_id is not None:
                self._runs[run.thread_id] = run

    def _refuse_busy(self, thread_id: str | None) -> None:
        busy = self._runs.get(thread_id or "")
        if busy is not None and busy.is_at_work:
            raise ThreadBusyError(
                f"Thread {thread_id!r} of {self.name!r} is running. Wait for it, run.wait(), or "
                "stop it, run.cancel()."
            )

    def refuse_unkept(self, what: str) -> None:
        """Raise where there is no thread.

        Raises:
            MissingSaverError: it was compiled without a saver.
        """
        if not self.keeps_threads:
            raise MissingSaverError(
                f"{what}() needs a thread, and the graph {self.name!r} keeps nothing. Compile it "
                "with a checkpointer: graph.compile(checkpointer=InMemorySaver())."
            )

    def as_output(self, value: Any) -> Any:
        """A whole state as the graph's ``invoke`` returns it: without what is not output."""
        shown = self.graph.output_channels
        if isinstance(shown, str) or not isinstance(value, dict):
            return value
        return {name: part for name, part in value.items() if name in shown}

    # -- states -----------------------------------------------------------------------------

    def thread_status(self, thread_id: str) -> str | None:
        """How a thread stands; None where there is none of that name."""
        return self.get_state(config_of(thread_id)).status if self.keeps_threads else None

    def get_state(self, config: dict[str, Any]) -> StateSnapshot:
        """The thread at its newest checkpoint, or at the one that ``config`` names.

        Raises:
            MissingSaverError: nothing is kept.
        """
        self.refuse_unkept("get_state")
        return as_snapshot(self.driver.call("get_state", _at_root(config)))

    def get_state_history(self, config: dict[str, Any], **choice: Any) -> Iterator[StateSnapshot]:
        """The thread's checkpoints, newest first.

        Args:
            choice: ``filter``, ``before`` and ``limit``, as LangGraph has them.

        Raises:
            MissingSaverError: nothing is kept.
        """
        self.refuse_unkept("get_state_history")
        return (as_snapshot(shot) for shot in self.driver.history(_at_root(config), **choice))

    def get_input(self, config: dict[str, Any]) -> None:
        """None, with which a graph goes on from an edited state."""

    def update_state(
        self,
        config: dict[str, Any],
        values: Any,
        as_node: str | None = None,
        *,
        force: bool = False,
    ) -> dict[str, Any]:
        """Store another state: what ``values`` says is what the state is afterwards.

        Where LangGraph's ``update_state`` adds to a value that has a reducer, this replaces it.
        What is left out stays as it is; messages may be written as LangGraph takes them. Open
        questions of the thread are dropped.

        Args:
            force: as of nbflow's own workflows; it changes nothing here.

        Returns:
            The configuration that names the new checkpoint.

        Raises:
            MissingSaverError: nothing is kept.
            UnknownThreadError: there is no such thread, or no such checkpoint.
            ThreadBusyError: a run on this thread goes on in this process.
            InvalidUpdateError: LangGraph refuses it, or it names a value that the state has not.
        """
        thread_id = str(config["configurable"]["thread_id"])
        shot = self.get_state(config)
        self._refuse_busy(thread_id)
        if shot.created_at is None:
            raise UnknownThreadError(
                f"There is no such checkpoint of thread {thread_id!r} in the checkpointer of "
                f"{self.name!r}, so nothing was stored. Begin it: adopted.start(...)."
            )
        with _as_ours():
            is_state = isinstance(values, dict) and self.unseen is None
            update = self._replacing(shot.values, values) if is_state else values
            made = self._stored(_at_root(config), shot, update, as_node or self.unseen)
        at = made["configurable"]
        return config_of(str(at["thread_id"]), at["checkpoint_id"])

    def _stored(
        self, config: dict[str, Any], shot: StateSnapshot, update: Any, node: str | None
    ) -> Any:
        """Store an update; after several nodes at once LangGraph wants it from all of them."""
        from langgraph.types import StateUpdate

        before = None if shot.parent_config is None else self.get_state(shot.parent_config)
        names = [] if before is None or node is not None else [task.name for task in before.tasks]
        if len(names) < 2:
            return self.driver.call("update_state", config, update, node)
        step = [StateUpdate(update, names[0]), *(StateUpdate({}, name) for name in names[1:])]
        return self.driver.call("bulk_update_state", config, [step])

    def _replacing(self, now: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        """What of the values is new, so written that it replaces what there is."""
        unknown = sorted(set(values) - set(self.graph.channels))
        if unknown:
            raise InvalidUpdateError(
                f"The state of {self.name!r} has no {', '.join(map(repr, unknown))}, so nothing "
                "was stored. Correct the names."
            )
        return {
            name: self._overwriting(name, value)
            for name, value in values.items()
            if name not in now or differences(now[name], value, limit=1)
        }

    def _overwriting(self, name: str, value: Any) -> Any:
        from langgraph.channels.binop import BinaryOperatorAggregate
        from langgraph.types import Overwrite

        channel = self.graph.channels.get(name)
        if not isinstance(channel, BinaryOperatorAggregate):
            return value
        reducer = getattr(channel.operator, "func", channel.operator)  # add_messages(format=...)
        makes_messages = "add_messages" in getattr(reducer, "__name__", "")
        return Overwrite(channel.operator([], value) if makes_messages else value)


_savers: WeakKeyDictionary[Any, WeakValueDictionary[str, AdoptedRun]] = WeakKeyDictionary()
_claiming = threading.RLock()


def _runs_of(saver: Any) -> WeakValueDictionary[str, AdoptedRun]:
    """The runs by thread that are known of a saver, whichever adoption began them."""
    if saver in (None, True, False):
        return WeakValueDictionary()
    with _claiming:
        return _savers.setdefault(saver, WeakValueDictionary())


def _at_root(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration as LangGraph's savers want it where it names a checkpoint."""
    return {**config, "configurable": {"checkpoint_ns": "", **config["configurable"]}}


@contextmanager
def _as_ours() -> Iterator[None]:
    from langgraph.errors import InvalidUpdateError as TheirError

    try:
        yield
    except NbflowError:
        raise
    except (TheirError, ValueError) as exc:
        raise InvalidUpdateError(f"LangGraph refused the update: {exc}") from exc
