"""A call of a task, or the entrypoint itself: where it belongs, and what it tells of itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from nbflow._current import current_frame
from nbflow._engine.ids import parent_id, public_id
from nbflow._engine.messages import place_of
from nbflow._engine.timeouts import show_life
from nbflow.checkpoint.base import OpRow
from nbflow.errors import DeclarationError
from nbflow.events import Custom, Message, TaskEvent, TaskRetried, TaskStarted
from nbflow.runtime import Runtime
from nbflow.types import RetryPolicy, TimeoutPolicy, Token

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.execution import Execution
    from nbflow._engine.frame import Frame
    from nbflow._engine.nested_call import NestedCall
    from nbflow._engine.op import Op
    from nbflow.cache.base import BaseCache

__all__ = ["Called"]


class Called:
    inject: Callable[[tuple[Any, ...], dict[str, Any], Frame], dict[str, Any]] | None = None
    """Adds to the keyword arguments what one attempt has injected; None adds nothing."""
    timeout: TimeoutPolicy | None = None
    is_workflow = False
    """Whether it is a workflow that another one calls."""
    nested = 0
    """How many workflows its code has called."""
    recorded = True
    """Whether its outcome is stored; not below a workflow declared ``checkpointer=False``."""
    keeps: str | None = None
    """Namespace of what it saves for the next run; only with ``checkpointer=True``."""
    last_saved: tuple[bytes | None] | None = None
    """What it saved in the run before, encoded, where that was read ahead."""
    own_config: dict[str, Any] | None = None
    """Of a nested workflow that was called with one; None keeps the caller's."""
    own_cache: BaseCache[Any] | None = None
    """Of a nested workflow that was declared with one."""
    own_executor: Executor | None = None
    """Of a nested workflow that was declared with one."""
    asked = False
    """Whether its code, or what that called, asked a question; then it is not cached (229)."""
    announced = False
    """Whether events told of its start and not of its end."""
    depth = 0
    """How many tasks run in one another's place, around it and itself included."""
    attempt = 1
    unknown_outcomes = 0
    """Attempts of earlier executions that began, and whose outcome is not on record."""
    at_most_once = False
    """Whether no attempt may begin after one whose outcome is not known."""
    started = 0.0
    frame: Frame | None = None
    """The attempt going on."""
    _id = ""

    def __init__(
        self,
        execution: Execution,
        name: str,
        fn: Callable[..., Any],
        call_args: tuple[Any, ...],
        call_kwargs: dict[str, Any],
        policies: Sequence[RetryPolicy],
        key: bytes,
        parent: bytes | None,
        args: bytes = b"",
        lane: str = "0",
        n: int = 0,
        gen: int = 0,
        site: str = "",
        ns: tuple[str, ...] = (),
        caller: Frame | None = None,
    ) -> None:
        self.execution = execution
        self.name = name
        self.fn = fn
        self.call_args = call_args
        self.call_kwargs = call_kwargs
        self.policies = policies
        self.key = key
        self.parent = parent
        """Key of the calling op; None for the entrypoint itself."""
        self.args = args
        self.lane = lane
        self.n = n
        self.gen = gen
        self.site = site
        self.called_in = lane
        """The lane that called it, in this attempt of the caller; ``lane`` is the recorded one."""
        self.caller = caller
        """The attempt that called it; None for the entrypoint itself."""
        self.ns = ns
        """The nested workflow it belongs to, as the path of calls that led there; empty outside.
        A nested workflow belongs to itself."""
        self.surroundings: Runtime[Any] = (
            execution.runtime if caller is None else caller.op.surroundings
        )
        """Context and store, of the workflow that it belongs to."""
        self.children: dict[bytes, Op] = {}
        """Tasks that its code called and that have no outcome yet, by key."""
        self.context: Context = copy_context()

    def take_context(self) -> Context:
        """The context that its code runs in, for whoever runs it.

        That will hold the attempt, which holds the call: with no way back from here, nothing is
        left for the collector of cycles.
        """
        context = self.context
        del self.context
        return context

    @property
    def id(self) -> str:
        if not self._id:
            self._id = public_id(self.execution.run_id, self.key)
        return self._id

    @property
    def input(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What events show of its arguments."""
        return self.call_args, self.call_kwargs

    @property
    def most_attempts(self) -> int | None:
        """How many there may be in all; None where several policies apply."""
        if len(self.policies) != 1:
            return None
        return self.policies[0].max_attempts + self.unknown_outcomes

    @property
    def has_steps(self) -> bool:
        """Whether it is a workflow's body, which a drain stops between two ops, and no task's."""
        op: Called = self
        while op.is_workflow and op.caller is not None:
            op = op.caller.op
        return op.parent is None

    def note_asked(self) -> None:
        """Its code asks a question: what comes of it, and of its callers, is for this run only."""
        op: Called | None = self
        while op is not None and not op.asked:
            if op.at_most_once:
                raise DeclarationError(
                    f"Task {op.name!r} is declared at_most_once, and asks: with the answer it "
                    "would have to run again. Nothing was asked. Ask before it is called, and "
                    "hand it the answer."
                )
            op.asked = True
            op = None if op.caller is None else op.caller.op

    @property
    def path(self) -> tuple[str, ...]:
        """Itself and the calls that led to it, outermost first, as ``name:id``."""
        led_here = self.ns if self.is_workflow or self.caller is None else self.caller.op.path
        return (*led_here, f"{self.name}:{self.id}")

    @property
    def config(self) -> dict[str, Any]:
        """The configuration that its code sees: of the workflow that it belongs to (193)."""
        op: Called = self
        while op.own_config is None and op.caller is not None:
            op = op.caller.op
        return op.execution.config if op.own_config is None else op.own_config

    @property
    def cache(self) -> BaseCache[Any] | None:
        """That of the workflow that it belongs to; of the one that calls that where it has none."""
        op: Called = self
        while op.own_cache is None and op.caller is not None:
            op = op.caller.op
        return op.execution.cache if op.own_cache is None else op.own_cache

    @property
    def executor(self) -> Executor | None:
        """Who runs the plain tasks that its code calls: the run's settings say it, else the
        workflow that it belongs to, else the one that calls that."""
        given: Executor | None = self.config.get("executor")
        op: Called = self
        while op.own_executor is None and op.caller is not None:
            op = op.caller.op
        return given or op.own_executor or op.execution.executor

    def enter_workflow(self, nested: NestedCall, step: TaskSpec) -> None:
        """This is a workflow that another one calls."""
        assert self.caller is not None
        self.is_workflow = True
        self.own_config, self.own_cache = nested.config, step.own_cache
        self.own_executor = step.executor
        context, store, keeps = nested.context, step.store, step.keeps
        self.ns = self.caller.op.next_namespace(keeps)
        if context is not None or store is not None:
            self.surroundings = self.surroundings.override(
                context=self.surroundings.context if context is None else context,
                store=store or self.surroundings.store,
            )
        if keeps and self.execution.saver is not None:
            self.keeps = "|".join((*self.ns, self.name))

    def peek_namespace(self, keeps: bool | None) -> tuple[str, ...]:
        """Where the next workflow that its code calls will live (32, 173).

        Args:
            keeps: its ``checkpointer``. What it keeps outlives the run: then no ids are in it.
        """
        again = (str(self.nested),) if self.nested else ()
        ns = (*self.path, *again)
        return tuple(part.split(":")[0] for part in ns) if keeps else ns

    def next_namespace(self, keeps: bool | None) -> tuple[str, ...]:
        """Where the workflow that its code calls now lives; see :meth:`peek_namespace`."""
        ns = self.peek_namespace(keeps)
        self.nested += 1
        return ns

    def tell(self, kind: type[TaskEvent], **parts: Any) -> None:
        """Emit an event about this call."""
        self.announced = kind is TaskStarted or kind is TaskRetried
        if self.execution.printing is not None:
            self.execution.printing.flush(self.shown_id)
        self.execution.emit(
            kind(
                id=self.id, name=self.name, parent=self.parent_id, ns=self.ns,
                is_workflow=self.is_workflow, **parts,
            )
        )  # fmt: skip

    @property
    def shown_id(self) -> str | None:
        """The id in events; None for the entrypoint."""
        return None if self.parent is None else self.id

    @property
    def parent_id(self) -> str | None:
        return parent_id(self.execution.run_id, self.parent)

    def write(self, data: Any) -> None:
        """Send a value to the ``custom`` stream, unless it was sent before the replay (165)."""
        if self.is_heard() and not (self.frame is not None and self.frame.is_replaying):
            self.execution.emit(Custom(task=self.shown_id, data=data, ns=self.ns))

    def write_token(self, text: str, id: str | None = None, **metadata: Any) -> None:
        """Send a piece of text to the ``messages`` stream, unless it was sent before the replay."""
        if self.is_heard() and not (self.frame is not None and self.frame.is_replaying):
            chunk, about = Token(text, id), {**place_of(self), **metadata}
            self.execution.emit(
                Message(task=self.shown_id, chunk=chunk, metadata=about, ns=self.ns)
            )

    def write_printed(self, text: str, stream: str = "stdout") -> None:
        """Add to what its code printed, unless it was printed before the replay."""
        if self.is_heard() and not (self.frame is not None and self.frame.is_replaying):
            self.execution.take_printed(self.shown_id, text, stream)

    def is_heard(self) -> bool:
        """Whether somebody hears what its code says now; it is a sign of life in any case.

        What an attempt says after it was given up is dropped (212).
        """
        here = current_frame.get()
        if here is not None and here.over:
            return False
        if self.execution.wants_life:
            show_life(self.frame)
        return self.execution.watched

    @property
    def took_s(self) -> float:
        """Seconds until now; none when the clock was set back meanwhile."""
        return max(0.0, time.time() - self.started)

    def row(self, kind: str, value: bytes | None = None) -> OpRow:
        assert self.parent is not None
        now = time.time()
        began = self.started or now
        begun = self.attempt - (kind == "start" and self.frame is None)
        return OpRow(
            kind, self.key, self.parent, self.name, self.args, self.lane, self.n, value,
            begun, self.gen, began, now - began if now > began else 0.0, self.site,
        )  # fmt: skip
