"""Values that users pass in and get back, and ``interrupt``.

The names and shapes are those of ``langgraph.types``; see ``spec`` numbers in each docstring.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, NamedTuple, NotRequired, Protocol, TypedDict, TypeVar, overload

from nbflow._current import Asking, require_frame
from nbflow._policies import CachePolicy, RetryPolicy, TimeoutPolicy, default_retry_on

__all__ = [
    "UNSET",
    "CachePolicy",
    "Command",
    "Failure",
    "GraphOutput",
    "Interrupt",
    "OpSnapshot",
    "PlannedCall",
    "PregelTask",
    "PrintWriter",
    "ReplayReport",
    "RetryPolicy",
    "StateSnapshot",
    "StateUpdate",
    "StreamMode",
    "StreamPart",
    "StreamWriter",
    "TimeoutPolicy",
    "Token",
    "TokenWriter",
    "Unset",
    "default_retry_on",
    "interrupt",
]

T = TypeVar("T")

StreamMode = Literal["values", "updates", "custom", "messages", "tasks", "checkpoints", "debug"]
"""What ``stream`` yields; see :meth:`nbflow.workflow.Workflow.stream`."""

StreamWriter = Callable[[Any], None]
"""Takes one value and sends it to the ``custom`` stream; injected as ``writer``."""


class TokenWriter(Protocol):
    """Sends a piece of text to the ``messages`` stream; see ``get_token_writer``."""

    def __call__(self, text: str, id: str | None = None, **metadata: Any) -> None:
        """Send one piece; ``id`` is the same for all pieces of one message."""


class PrintWriter(Protocol):
    """Adds to what a task printed; see ``get_print_writer``."""

    def __call__(self, text: str, stream: str = "stdout") -> None:
        """Add text; ``stream`` is ``stdout`` or ``stderr``."""


class StreamPart(TypedDict):
    """One chunk of ``stream(version="v2")`` (178).

    >>> StreamPart(type="updates", ns=(), data={"double": 8})
    {'type': 'updates', 'ns': (), 'data': {'double': 8}}
    """

    type: str
    """The stream mode."""
    ns: tuple[str, ...]
    """The nested workflow it comes from; empty for the workflow itself."""
    data: Any
    """What ``stream`` yields in that mode without ``version``."""
    interrupts: NotRequired[tuple[Interrupt, ...]]
    """The open questions; in chunks of ``values`` only."""


@dataclass(slots=True, kw_only=True)
class Failure:
    """An exception as data.

    >>> Failure(type="ValueError", message="too long", traceback="").notes
    ()
    """

    type: str
    """Class name, such as ``ValueError``."""
    message: str
    """``str(exc)``."""
    traceback: str
    """Formatted traceback without nbflow's own frames; may be empty."""
    notes: tuple[str, ...] = ()
    """What was added with ``add_note``."""


class Unset(Enum):
    """The absence of an answer, since ``None`` is one."""

    UNSET = "UNSET"


UNSET = Unset.UNSET
"""What ``Command.resume`` is while no answer was given."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """One question that a run asks (121).

    >>> Interrupt(value="Approve?", id="0" * 32).value
    'Approve?'
    """

    value: Any
    """What ``interrupt`` was given."""
    id: str
    """32 hex digits, the same on every replay of the run; an answer names it."""
    response_schema: dict[str, Any] | None = None
    """JSON Schema of the answer; None when any value will do."""
    deadline: float | None = field(default=None, repr=False)
    """Until when it can be answered, in seconds since the epoch; None for any time."""
    on_timeout: Literal["fail", "default"] = field(default="fail", repr=False)
    """What happens then: ``interrupt`` raises, or returns ``default``."""
    default: Any = field(default=None, repr=False)
    """The answer when the time is up; it counts only where ``on_timeout`` says so."""
    assignees: tuple[str, ...] = field(default=(), repr=False)
    """Who may answer; empty for everybody."""
    key: str | None = field(default=None, repr=False, compare=False)
    """The name that the code gave the question, ``interrupt(key=)``; None when it gave none."""

    def __getattr__(self, name: str) -> Any:
        """Names that LangGraph has given up (122)."""
        if name in ("ns", "when", "resumable", "interrupt_id"):
            raise AttributeError(
                f"Interrupt.{name} is not part of nbflow, because LangGraph deprecates it. A "
                "question has a value, an id and a response_schema; an answer names its id."
            )
        raise AttributeError(f"Interrupt has no attribute {name!r}.")


@dataclass(frozen=True, slots=True)
class GraphOutput:
    """What ``invoke(version="v2")`` returns (178).

    >>> GraphOutput(3).value, GraphOutput(3).interrupts
    (3, ())
    """

    value: Any
    """What the workflow returned; ``{}`` while questions are open."""
    interrupts: tuple[Interrupt, ...] = ()
    """The open questions."""

    def __getitem__(self, key: str) -> Any:
        """As the dict that ``invoke`` returns without ``version``; deprecated (179)."""
        warnings.warn(
            "output[key] is deprecated; write output.value or output.interrupts.",
            DeprecationWarning,
            stacklevel=2,
        )
        if key == "__interrupt__":
            return self.interrupts
        return self.value[key] if isinstance(self.value, dict) else _attribute(self.value, key)

    def __contains__(self, key: object) -> bool:
        """As the dict that ``invoke`` returns without ``version``; deprecated (179)."""
        warnings.warn(
            "key in output is deprecated; write output.value or output.interrupts.",
            DeprecationWarning,
            stacklevel=2,
        )
        if key == "__interrupt__":
            return bool(self.interrupts)
        if isinstance(self.value, dict):
            return key in self.value
        return isinstance(key, str) and hasattr(self.value, key)


def _attribute(value: Any, key: str) -> Any:
    try:
        return getattr(value, key)
    except AttributeError:
        raise KeyError(key) from None


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text that a task writes to the ``messages`` stream itself.

    >>> Token("Hello ", id="1").content
    'Hello '
    """

    content: str
    """The text, as it was written; pieces are joined without anything between."""
    id: str | None = None
    """The same for all pieces of one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to tell a waiting thread (91, 99, 106-109).

    >>> Command(resume=None).answers
    True
    """

    resume: Any = UNSET
    """The answer to the one pending question, or ``{interrupt id: answer}`` for several.

    A mapping whose keys are all 32 hex digits is always the second; to answer with such a
    mapping, name the question: ``Command(resume={id: {...}})``. ``None`` is an answer.
    """

    @property
    def answers(self) -> bool:
        """Whether there is an answer in it."""
        return self.resume is not UNSET


class PregelTask(NamedTuple):
    """The entrypoint's own task in a :class:`StateSnapshot` (140)."""

    id: str
    """32 hex digits, the same on every replay of the run."""
    name: str
    """The workflow's."""
    path: tuple[str | int | tuple[Any, ...], ...]
    """LangGraph's: ``("__pregel_pull", name)``."""
    error: str | None = None
    """Type and message of what ended the run; None when nothing did."""
    interrupts: tuple[Interrupt, ...] = ()
    """The run's open questions."""
    state: Any = None
    """The nested workflow that is under way: its snapshot with ``subgraphs=True``, else the
    configuration that names it; None when there is none (144)."""
    result: Any = None
    """What the workflow returned; None while the run is open."""


class StateUpdate(NamedTuple):
    """One update of ``bulk_update_state`` (157).

    >>> StateUpdate({"draft": 2}).as_node is None
    True
    """

    values: Any
    """What the next run gets as ``previous``."""
    as_node: str | None = None
    """As of ``update_state``: the workflow's own name, or None for the same."""
    task_id: str | None = None
    """LangGraph's; a workflow has one task, so it changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpSnapshot:
    """One durable fact of a run: a task's call or a question (141)."""

    id: str
    """32 hex digits; ``workflow.fork(config, after=id)`` branches there."""
    kind: str
    """``task`` or ``question``."""
    name: str | None
    """The task's name; None for a question."""
    parent: str | None
    """Id of the task it was called in; None when the entrypoint called."""
    status: str
    """``started``, ``done``, ``failed``, ``cancelled``; of a question ``open``, ``answered`` or
    ``withdrawn``: edited code paused without asking it again."""
    value: Any = None
    """The result, or the question."""
    answer: Any = None
    """Of an answered question; None for all else, and None can be an answer."""
    answered_by: str | None = None
    """Who answered it; None for all else, and when the time was up."""
    error: Failure | None = None
    """What the task raised; None when it did not."""
    attempt: int = 1
    """How many attempts there were."""
    site: str = ""
    """Where it was called, such as ``essay.py:12``."""
    key: str = ""
    """32 hex digits, the same in every run that makes the same call with the same arguments, or
    asks the same question; so ops of two branches can be told from each other."""
    response_schema: dict[str, Any] | None = None
    """Of a question: JSON Schema of the answer; None when any value will do, and for a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call in a :class:`ReplayReport`; as text ``write(...) at essay.py:12``."""

    name: str | None
    """The task's name; None for a question."""
    site: str
    """Where it is called, such as ``essay.py:12``."""
    id: str | None = None
    """32 hex digits; None for a question that is not stored yet."""

    def __str__(self) -> str:
        what = "interrupt(...)" if self.name is None else f"{self.name}(...)"
        return f"{what} at {self.site}" if self.site else what


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What going on with a thread would do; see ``workflow.replay_report``.

    >>> print(ReplayReport(thread_id="1", code_changed=False, reused=(), orphaned=(), unreached=(),
    ...                    run=(PlannedCall(name="save", site=""),), divergence=None, returns=True))
    code unchanged
    run (1): save(...)
    """

    thread_id: str
    """The thread that was looked at."""
    code_changed: bool
    """Whether the code is another one than that which made the record."""
    reused: tuple[PlannedCall, ...]
    """Calls whose recorded outcome is taken."""
    run: tuple[PlannedCall, ...]
    """Calls that run, and questions that are asked, up to the first result that is needed."""
    orphaned: tuple[PlannedCall, ...]
    """Recorded calls that the code does not make any more."""
    unreached: tuple[PlannedCall, ...]
    """Recorded calls beyond that first result: reused if the code still makes them."""
    divergence: str | None
    """Why the run would end in NonDeterminismError; None when it would not."""
    returns: bool
    """Whether the body comes to its end without anything new."""

    def __str__(self) -> str:
        lines = ["code changed" if self.code_changed else "code unchanged"]
        for label in ("reused", "run", "orphaned", "unreached"):
            calls = getattr(self, label)
            if calls:
                lines.append(f"{label} ({len(calls)}): {', '.join(map(str, calls))}")
        return "\n".join([*lines, *([self.divergence] if self.divergence else [])])


class StateSnapshot(NamedTuple):
    """A thread at one checkpoint (138).

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> config = {"configurable": {"thread_id": "1"}}
    >>> double.invoke(4, config), double.get_state(config).values, double.get_state(config).status
    (8, 8, 'done')
    """

    values: Any
    """The last returned value; None while the first run is open; ``{}`` for no such thread."""
    next: tuple[str, ...]
    """The entrypoint's name while the run is open, else empty."""
    config: dict[str, Any]
    """Names this checkpoint; pass it to ``invoke``, ``get_state`` or ``update_state``."""
    metadata: dict[str, Any] | None
    """``source`` (input, loop, update, fork), ``step`` (-1, 0, 1 ...), ``parents``, your own."""
    created_at: str | None
    """ISO 8601 in UTC."""
    parent_config: dict[str, Any] | None
    """Names the checkpoint before this one; None for the thread's first."""
    tasks: tuple[PregelTask, ...]
    """The entrypoint's own task, in a checkpoint that opened a run (``input``, ``fork``)."""
    interrupts: tuple[Interrupt, ...]
    """The open questions."""
    status: str | None = None
    """How the run stands: ``running``, ``interrupted``, ``error``, ``cancelled``, ``done``,
    ``crashed`` (its process is gone), ``ready`` (it can go on: a fork that has not run yet, or one
    that was answered elsewhere), ``dropped`` (left unfinished for another run); None for no such
    thread."""
    ops: Sequence[OpSnapshot] = ()
    """The facts of the run that this checkpoint opened, in order; read when looked at."""


@overload
def interrupt(
    value: Any,
    *,
    response_schema: type[T],
    key: str | None = None,
    validate: Callable[[T], Any] | None = None,
    timeout: float | timedelta | None = None,
    on_timeout: Literal["fail", "default"] = "fail",
    default: Any = None,
    assignees: Sequence[str] | None = (),
) -> T: ...
@overload
def interrupt(
    value: Any,
    *,
    response_schema: Any = None,
    key: str | None = None,
    validate: Callable[[Any], Any] | None = None,
    timeout: float | timedelta | None = None,
    on_timeout: Literal["fail", "default"] = "fail",
    default: Any = None,
    assignees: Sequence[str] | None = (),
) -> Any: ...
def interrupt(
    value: Any,
    *,
    response_schema: Any = None,
    key: str | None = None,
    validate: Callable[[Any], Any] | None = None,
    timeout: float | timedelta | None = None,
    on_timeout: Literal["fail", "default"] = "fail",
    default: Any = None,
    assignees: Sequence[str] | None = (),
) -> Any:
    """Ask a question and stop the run until it is answered (89-124).

    The first time this raises :class:`~nbflow.errors.GraphInterrupt`, which is not an
    ``Exception``; let it pass. When the run is resumed with an answer, the code runs again from
    the top and this call returns the answer. The question is stored before the run stops, an
    answer before the run goes on.

    Args:
        value: the question, any value that can be stored. A mapping's ``question`` entry becomes
            the title of the form, the rest its context.
        response_schema: what an answer looks like: a Pydantic model, dataclass, ``TypedDict``,
            any type, or a JSON Schema. An answer that does not fit is refused and the question
            stays open; one that does is returned as an instance of the type, and if it was given
            as one, equal to that. Type checkers know that of a class, not yet of a union,
            ``Literal`` or ``Annotated``.
        key: identity of the question where its text changes from run to run (a clock, a
            random number); without it the question is known by its value.
        validate: judges an answer that fits, before it is stored: a plain function that raises
            ``ValueError``, or returns a message, or messages by field such as
            ``{"price": "Too high"}``; None, True and an empty mapping accept. An answer that it
            has accepted is not judged again on replay. It is called outside of the run, so it can
            call no task and ask nothing itself; after a restart it is known once the code has come
            to the question, and where that takes more than two seconds, the answer is judged when
            the code gets it.
        timeout: seconds from the first asking in which it can be answered, a hundred years at
            most; a fork gives as much time anew. When they are up the run goes on, at once if this
            process shows or waits for it, else when it is attached to or continued next.
        on_timeout: what happens then: ``"fail"`` raises
            :class:`~nbflow.errors.AnswerTimeoutError` here, ``"default"`` returns ``default``.
        default: the answer with ``on_timeout="default"``; it must be a good one.
        assignees: names of those who may answer, as :func:`nbflow.acting_as` and ``NBFLOW_USER``
            give them; none or None for everybody. A name is what a process says of itself, not a
            proof.

    Raises:
        OutsideRunError: no run is going on here.
        NotSerializableError: the question cannot be stored.
        NonDeterminismError: unchanged code asks something else than it did before.
        AnswerTimeoutError: nobody answered in time.
        DeclarationError: an argument cannot be meant, such as a ``default`` that does not fit.

    >>> from nbflow.func import entrypoint
    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(text: str) -> str:
    ...     return f"{text}: {interrupt('Approve?', response_schema=bool)}"
    >>> config = {"configurable": {"thread_id": "1"}}
    >>> review.invoke("essay", config)["__interrupt__"][0].value
    'Approve?'
    >>> review.invoke(Command(resume=True), config)
    'essay: True'
    """
    asking = Asking(value, response_schema, key, validate, timeout, on_timeout, default, assignees)
    return require_frame("interrupt()").ask(asking)
