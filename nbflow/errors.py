"""Every error nbflow raises, and the control signals that are not errors.

Each message says what happened, what was expected and what to do; all of the errors pickle.

    Exception
    └── NbflowError
        ├── DeclarationError            an entrypoint or task that cannot work, at decoration
        │   └── GeneratorRefusedError   ... because it is a generator
        ├── InvalidConfigError          a configuration value that cannot be meant
        ├── OutsideRunError             a task, interrupt or get_* called where no run is going on
        │   ├── InExecutorError         ... or where an executor runs the code, and not the run
        │   ├── MissingThreadError      a kept workflow run without a thread_id
        │   └── MissingSaverError       a look at a workflow that keeps nothing
        ├── EmptyInputError             invoke(None) with nothing to continue
        ├── InvalidInputError           an input that does not fit the workflow's annotation
        ├── ThreadExistsError           a new thread asked for under a name that is taken
        ├── InvalidUpdateError          an update_state that cannot be applied
        ├── UnknownInterruptError       an answer to a question that is not pending
        │   ├── AlreadyAnsweredError    ... because somebody answered it before
        │   └── AnswerTooLateError      ... because its time is up
        ├── NotAssignedError            an answer by somebody whom the question is not for
        ├── AnswerTimeoutError          nobody answered a question in time
        ├── InvalidAnswerError          an answer that does not fit the question's schema
        ├── GraphDrained                the run was asked to stop at its next op, and has
        ├── NodeTimeoutError            a task or entrypoint took longer than its time-out
        ├── NodeCancelledError          a task or entrypoint raised CancelledError itself
        ├── NonDeterminismError         the code asked for something its record does not hold
        ├── OutcomeUnknownError         a task that must not run twice, and perhaps has run
        ├── RecordedFailureError        a recorded failure whose class this process does not know
        ├── InvalidNameError            a thread id or name that cannot be stored
        ├── NotSerializableError        a value that cannot be stored, with the path to the part
        ├── NotSendableError            a task or its result that cannot go to another process
        ├── CorruptDataError            stored bytes that cannot be read back
        ├── UnknownThreadError          a thread id that the database does not hold
        ├── UnknownCheckpointError      a checkpoint id that the thread does not hold
        ├── UnknownOpError              an op that the run does not hold
        ├── WorkflowMismatchError       a thread that another workflow began
        ├── ThreadBusyError             another run owns the thread
        ├── LeaseLostError              this run's ownership was taken over
        ├── StorageError                the database could not be read or written
        ├── RunPendingError             a result asked for while the run waits for a person
        ├── RunCancelledError           a result asked of a cancelled run
        ├── WaitNotPossibleError        this kernel cannot wait here; says what can
        ├── CannotFreezeError           a run is shown where nothing can replace its live view
        ├── MissingBundleError          the front end was not built
        ├── CommandError                a line of ``%nbflow`` that cannot be meant
        └── RefusedError                a request of a page that Jupyter's server does not serve
    BaseException
    ├── GraphInterrupt                  a question stops the run; ``except Exception`` lets it by
    ├── RunDrained                      the run is being drained; raised at its next op
    └── RunCancelled                    the run was told to stop; raised at its next op
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbflow.types import Interrupt

__all__ = [
    "AlreadyAnsweredError", "AnswerTimeoutError", "AnswerTooLateError", "CorruptDataError",
    "DeclarationError", "EmptyInputError", "GeneratorRefusedError", "GraphDrained",
    "GraphInterrupt", "InvalidAnswerError", "InvalidConfigError", "InvalidInputError",
    "InvalidNameError", "InvalidUpdateError", "LeaseLostError", "MissingBundleError",
    "MissingSaverError", "MissingThreadError", "NbflowError", "NodeCancelledError",
    "NodeTimeoutError", "NonDeterminismError", "NotAssignedError", "NotSerializableError",
    "OutcomeUnknownError", "OutsideRunError", "RecordedFailureError", "RunCancelled",
    "RunCancelledError", "RunDrained", "RunPendingError", "StorageError", "ThreadBusyError",
    "ThreadExistsError", "UnknownCheckpointError", "UnknownInterruptError", "UnknownOpError",
    "UnknownThreadError", "WaitNotPossibleError", "WorkflowMismatchError",
]  # fmt: skip


class NbflowError(Exception):
    """Base of every error that nbflow raises on purpose.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> try:
    ...     double.get_state({"configurable": {"thread_id": "1"}})
    ... except NbflowError as error:
    ...     print(type(error).__name__)
    MissingSaverError
    """


class _Worded:
    """What an error has that carries a text and other values."""

    message: str

    def __str__(self) -> str:
        return self.message


class DeclarationError(NbflowError, TypeError, ValueError):
    """A function that cannot be an entrypoint or a task; raised by the decorator.

    Also a ``TypeError`` and a ``ValueError``: LangGraph raises one or the other (4-11).
    """


class OutsideRunError(NbflowError, RuntimeError):
    """A task, ``interrupt`` or ``get_*`` was called where no run is going on (24, 124)."""


class GeneratorRefusedError(DeclarationError, NotImplementedError):
    """A generator as an entrypoint or a task, whose values could not be replayed (9, 10, 23).

    Also a ``NotImplementedError``, as LangGraph's.
    """


class InvalidConfigError(NbflowError, ValueError):
    """A ``recursion_limit`` or ``max_concurrency`` below 1 (47, 194)."""


class MissingThreadError(OutsideRunError, ValueError):
    """A workflow with a checkpointer was called without a ``thread_id``; nothing ran (196).

    Also a ``ValueError``, as LangGraph's.
    """


class MissingSaverError(OutsideRunError, ValueError):
    """The past of a workflow was asked for that has no checkpointer, so nothing is kept (2).

    Also a ``ValueError``, as LangGraph's.
    """


class EmptyInputError(NbflowError):
    """``invoke(None)`` on a thread that has nothing to continue (66)."""


class InvalidUpdateError(NbflowError):
    """An ``update_state`` that cannot be applied (135, 136)."""


class UnknownInterruptError(_Worded, NbflowError, RuntimeError):
    """An answer to a question that is not pending; nothing was stored (110-115).

    Attributes:
        message: what happened, what was expected and what to do; the text of the error.
        reason: ``"not_pending"``, ``"ambiguous"`` (several are pending and none was named)
            or ``"answered"``.
        interrupt_ids: the ids that the answer named.
        pending_ids: the ids that can be answered now.
    """

    def __init__(
        self, message: str, reason: str = "not_pending", interrupt_ids: Sequence[str] = (),
        pending_ids: Sequence[str] = (),
    ) -> None:  # fmt: skip
        super().__init__(message, reason, tuple(interrupt_ids), tuple(pending_ids))
        self.message = message
        self.reason = reason
        self.interrupt_ids: tuple[str, ...] = tuple(interrupt_ids)
        self.pending_ids: tuple[str, ...] = tuple(pending_ids)


class AlreadyAnsweredError(UnknownInterruptError):
    """A second answer to one question; the first one stands (111, 118)."""


class AnswerTooLateError(UnknownInterruptError):
    """An answer to a question whose time is up; the run goes on without it.

    ``reason`` is ``"too_late"``. ``workflow.fork(config, before=interrupt_id)`` asks anew.
    """


class NotAssignedError(NbflowError, PermissionError):
    """An answer by somebody whom the question is not for; nothing was stored.

    Attributes:
        name: who answered.
        assignees: who may.
    """

    def __init__(self, name: str, assignees: Sequence[str]) -> None:
        super().__init__(name, tuple(assignees))
        self.name = name
        self.assignees: tuple[str, ...] = tuple(assignees)

    def __str__(self) -> str:
        may = " or ".join(self.assignees)
        return (
            f"This question is for {may}, and here {self.name} answers. Nothing was stored and the "
            f"question is still open. If you are {may}, set the environment variable NBFLOW_USER "
            f"to that name, or answer inside 'with nbflow.acting_as({self.assignees[0]!r}):'."
        )


class AnswerTimeoutError(NbflowError, TimeoutError):
    """Nobody answered in the time that ``interrupt(timeout=...)`` gave; ``interrupt`` raises it.

    Attributes:
        interrupt_id: the question.
        deadline: when the time was up, in seconds since the epoch; None if that is not known.
    """

    def __init__(self, interrupt_id: str, deadline: float | None = None) -> None:
        super().__init__(interrupt_id, deadline)
        self.interrupt_id = interrupt_id
        self.deadline = deadline

    def __str__(self) -> str:
        return (
            f"Nobody answered the question {self.interrupt_id} in time. Catch AnswerTimeoutError "
            "to go another way, or give interrupt() an on_timeout='default'. "
            "workflow.fork(config, before=interrupt_id) asks anew."
        )


class InvalidAnswerError(_Worded, NbflowError, ValueError):
    """An answer that does not fit the question's ``response_schema``; nothing was stored (119).

    Attributes:
        message: every fault in one text; the text of the error.
        interrupt_id: the question, which stays open.
        errors: one mapping per fault: ``path`` (list of keys and indexes), ``message``.
    """

    def __init__(
        self, message: str, interrupt_id: str = "", errors: Sequence[dict[str, Any]] = ()
    ) -> None:
        super().__init__(message, interrupt_id, tuple(errors))
        self.message = message
        self.interrupt_id = interrupt_id
        self.errors: tuple[dict[str, Any], ...] = tuple(errors)


class InvalidInputError(_Worded, NbflowError, ValueError):
    """An input that does not fit the annotation of the workflow's parameter; nothing was stored.

    Attributes:
        message: every fault in one text; the text of the error.
        errors: one mapping per fault: ``path`` (list of keys and indexes), ``message``.
    """

    def __init__(self, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message, tuple(errors))
        self.message = message
        self.errors: tuple[dict[str, Any], ...] = tuple(errors)


class GraphDrained(NbflowError):
    """The run stopped at its next op, since :meth:`RunControl.request_drain
    <nbflow.runtime.RunControl.request_drain>` asked for it (191, 192).

    What finished is kept; ``invoke(None, config)`` goes on from there.

    Attributes:
        reason: what ``request_drain`` was given.
    """

    def __init__(self, reason: str = "shutdown") -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The run was drained: {self.reason}. invoke(None, config) continues it."


class NodeTimeoutError(NbflowError):
    """An attempt at a task or entrypoint took longer than it may (209-213).

    As in LangGraph it is no ``TimeoutError``. A ``RetryPolicy`` retries it by default.

    Attributes:
        node: name of the task or entrypoint.
        elapsed: seconds that the attempt had taken.
        kind: ``"run"`` or ``"idle"``: which limit it was.
        timeout: that limit in seconds.
        idle_timeout: the limit without a sign of life in seconds; None for none.
        run_timeout: the limit for the whole attempt in seconds; None for none.
    """

    def __init__(
        self,
        node: str,
        elapsed: float,
        kind: Literal["idle", "run"],
        idle_timeout: float | None = None,
        run_timeout: float | None = None,
    ) -> None:
        timeout = idle_timeout if kind == "idle" else run_timeout
        if timeout is None:
            raise ValueError(f"A time-out of kind {kind!r} needs its {kind}_timeout.")
        super().__init__(node, elapsed, kind, idle_timeout, run_timeout)
        self.node = node
        self.elapsed = elapsed
        self.kind = kind
        self.timeout = timeout
        self.idle_timeout = idle_timeout
        self.run_timeout = run_timeout

    def __str__(self) -> str:
        gave = "gave no sign of life for" if self.kind == "idle" else "took longer than"
        return (
            f"{self.node!r} {gave} its {self.kind}_timeout of {self.timeout:g} s and was given up "
            f"after {self.elapsed:.3f} s. Allow more, or let a retry_policy try again."
        )


class NodeCancelledError(NbflowError):
    """A task or entrypoint raised ``CancelledError`` itself; nobody had cancelled it (216).

    Attributes:
        node: its name.
        message: the text of the error, where it is another one than the usual; else None.
    """

    def __init__(self, node: str, message: str | None = None) -> None:
        super().__init__(node, message)
        self.node = node
        self.message = message

    def __str__(self) -> str:
        return self.message or (
            f"{self.node!r} raised CancelledError, and nobody had cancelled it. Catch it where "
            "a task or a timer of its own was cancelled, or raise another exception."
        )


class NonDeterminismError(_Worded, NbflowError, RuntimeError):
    """Unchanged code asked for something other than what its record holds (71-74, 113).

    Nothing was run or stored for the call. ``on_divergence`` of the entrypoint decides otherwise.

    Attributes:
        message: both calls, and the remedies; the text of the error.
        called: the call that has no record, as text with file and line; ``None`` when the code
            returned without making a recorded call.
        recorded: the recorded call that was expected instead, as text.
    """

    def __init__(self, message: str, called: str | None = None, recorded: str | None = None):
        super().__init__(message, called, recorded)
        self.message = message
        self.called = called
        self.recorded = recorded


class OutcomeUnknownError(NbflowError, RuntimeError):
    """A task declared ``at_most_once`` began, and nothing tells what came of it.

    It did not run again. The error is raised each time that the run comes by the call.

    Attributes:
        task: its name.
        site: where it was called, such as ``shop.py:12``.
        task_id: what ``workflow.fork(config, before=...)`` takes.
    """

    def __init__(self, task: str, site: str, task_id: str) -> None:
        super().__init__(task, site, task_id)
        self.task = task
        self.site = site
        self.task_id = task_id

    def __str__(self) -> str:
        return (
            f"Task {self.task!r}, called at {self.site}, began before, and the process ended "
            "before an outcome was stored: perhaps it did its work, perhaps not. It is declared "
            "at_most_once, so it was not run again. Find out what happened. If it did its work, "
            "catch OutcomeUnknownError around the call and go on; if it did not, "
            f"workflow.invoke(None, workflow.fork(config, before={self.task_id!r})) runs it."
        )


class NotSerializableError(_Worded, NbflowError, TypeError):
    """A value that cannot be stored (85, 276); a task that returned it has failed with this.

    Attributes:
        message: the part, why, and what to do; the text of the error.
        path: the part of the value, such as ``$.rows[3].lock``.
        type_name: its type.
    """

    def __init__(self, message: str, path: str = "$", type_name: str = "") -> None:
        super().__init__(message, path, type_name)
        self.message = message
        self.path = path
        self.type_name = type_name


class RecordedFailureError(NbflowError):
    """A recorded failure whose exception class this process does not know, or cannot make again.

    What is raised is a subclass of this one, and of those classes behind the recorded one that
    are here: ``except`` with one of them matches it. It has the recorded text and attributes.
    """


class InvalidNameError(NbflowError, ValueError):
    """A thread id, namespace or other name that no database can hold; nothing was stored."""


class CorruptDataError(NbflowError, ValueError):
    """Stored bytes that are damaged, or that no version of nbflow wrote."""


class UnknownThreadError(NbflowError, LookupError):
    """A thread id that the database does not hold."""


class UnknownCheckpointError(NbflowError, LookupError):
    """A checkpoint id that the thread does not hold (145)."""


class UnknownOpError(NbflowError, LookupError):
    """An id of a task or question that the run does not hold (155)."""


class WorkflowMismatchError(NbflowError, RuntimeError):
    """A run that one workflow began was continued through another (80)."""


class ThreadBusyError(NbflowError, RuntimeError):
    """Another run owns the thread (118, 261)."""


class ThreadExistsError(NbflowError, RuntimeError):
    """A new thread was asked for under a name that a thread has already; nothing was stored."""


class LeaseLostError(NbflowError, RuntimeError):
    """Another owner took the thread over; what this run did since is not stored (261)."""


class StorageError(NbflowError, OSError):
    """The database could not be read or written; nothing of the operation was stored (258, 259)."""


class RunPendingError(NbflowError, RuntimeError):
    """A result was asked for while the run waits for a person and nobody can answer here."""


class RunCancelledError(NbflowError, RuntimeError):
    """A result was asked of a run that was cancelled; ``invoke(None)`` continues it."""


class WaitNotPossibleError(NbflowError, RuntimeError):
    """This kernel cannot wait for a form below the cell; the message says what can be done."""


class MissingBundleError(NbflowError, FileNotFoundError):
    """The front-end bundle is not in the package; the message says how to build it."""


class GraphInterrupt(BaseException):
    """A question stops the run. Let it pass: the run goes on when the answer is there (104).

    Attributes:
        interrupts: the questions asked.
    """

    def __init__(self, interrupts: Sequence[Interrupt] = ()) -> None:
        super().__init__(tuple(interrupts))
        self.interrupts: tuple[Interrupt, ...] = tuple(interrupts)


class RunDrained(BaseException):
    """The run is being drained; raised at its next op. Let it pass: the call that started the run
    raises :class:`GraphDrained`.

    Attributes:
        reason: what ``request_drain`` was given.
    """

    def __init__(self, reason: str = "shutdown") -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The run is being drained: {self.reason}."


class RunCancelled(BaseException):
    """The run was told to stop; raised at its next op. Let it pass: ``resume()`` or
    ``invoke(None)`` continues the run."""


def __getattr__(name: str) -> Any:
    """Names that LangGraph has given up (122)."""
    if name == "NodeInterrupt":
        raise ImportError(
            "NodeInterrupt is not part of nbflow, because LangGraph deprecates it. Ask with "
            "nbflow.types.interrupt(value)."
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
