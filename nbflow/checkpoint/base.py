"""What a saver keeps, and the contract of every backend.

A *thread* is a line of runs. A *run* is one invocation with its input. An *op* is one durable
fact of a run; ops are only appended. A *checkpoint* is LangGraph's: two per run (``input``, then
``loop``), plus ``update`` and ``fork``. Only thread rows are ever updated, and a thread's order is
the database's sequence, never a clock. Values arrive encoded (:mod:`nbflow.serde`); a backend
never looks inside. Every method is synchronous, safe from any thread and event loop, and either
happens whole or raises with nothing stored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from nbflow.errors import InvalidNameError

__all__ = [
    "BaseCheckpointSaver",
    "CheckpointRow",
    "OpRow",
    "RunRow",
    "ThreadRow",
    "require_names",
]


def require_names(*names: str | None) -> None:
    """Refuse names that are not Unicode text (a lone surrogate has no UTF-8 form).

    Raises:
        InvalidNameError: names which one.
    """
    for name in names:
        if name is None:
            continue
        try:
            name.encode()
        except (UnicodeEncodeError, AttributeError) as fault:
            raise InvalidNameError(
                f"The name {name!r} cannot be stored: expected a str of whole Unicode "
                "characters. Use another thread_id, checkpoint_ns or workflow name."
            ) from fault


@dataclass(slots=True)
class ThreadRow:
    thread_id: str
    ns: str
    """Checkpoint namespace; ``""`` for the root."""
    head: str | None
    """Id of the newest checkpoint; None before the first."""
    run: str | None
    """Id of the newest run; None before the first."""
    status: str
    """``idle``, ``running``, ``interrupted``, ``error`` or ``cancelled``."""
    epoch: int
    """Grows by one with every new owner; a commit under an older epoch is refused."""
    owner: str | None
    """Who runs it (``host/pid/token``); None when nobody does."""


@dataclass(slots=True)
class RunRow:
    id: str
    """32 hex digits."""
    thread_id: str
    ns: str
    base: str | None
    """Id of the checkpoint before the run; None on a fresh thread."""
    parent_run: str | None
    """A fork: the run whose ops up to ``upto`` come first."""
    upto: int
    """Sequence number of the last op taken from ``parent_run``; 0 for none."""
    workflow: str
    code_fp: bytes
    """Fingerprint of the entrypoint and the code it calls."""
    fmt: int
    """Version of the record's format."""
    input: bytes
    meta: bytes
    """Encoded dict: metadata, tags and the declared keys of ``configurable``."""
    ts: float
    """Seconds since the epoch."""


class OpRow:
    """One durable fact. A plain slotted class: one is made for every task."""

    __slots__ = (
        "args", "attempt", "dur", "gen", "key", "kind", "lane", "n", "name", "parent",
        "seq", "site", "ts", "value",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        key: bytes,
        parent: bytes,
        name: str,
        args: bytes,
        lane: str,
        n: int = 0,
        value: bytes | None = None,
        attempt: int = 1,
        gen: int = 0,
        ts: float = 0.0,
        dur: float = 0.0,
        site: str = "",
        seq: int = 0,
    ) -> None:
        self.kind = kind
        """``start``, ``result``, ``error``, ``cancel``, ``ask``, ``answer`` or ``void``."""
        self.key = key
        """16 bytes; one call of the run."""
        self.parent = parent
        """Key of the calling op; the run's root for the entrypoint's own calls."""
        self.name = name
        self.args = args
        """What was called with: the encoded arguments, or their digest when they are long."""
        self.lane = lane
        """Which line of control called (an asyncio task of the user's), such as ``0.2``."""
        self.n = n
        """How many equal calls there had been under this parent before, in any lane."""
        self.value = value
        """Encoded result, failure, question or answer; None for ``start`` and ``void``."""
        self.attempt = attempt
        self.gen = gen
        """Which life of this key: grows by one with each ``void``."""
        self.ts = ts
        """When it started, seconds since the epoch."""
        self.dur = dur
        """Seconds."""
        self.site = site
        """Where it was called, such as ``essay.py:12``; for messages only."""
        self.seq = seq
        """Given by the backend, growing over the whole database."""


@dataclass(slots=True)
class CheckpointRow:
    id: str
    thread_id: str
    ns: str
    parent: str | None
    run: str | None
    """The run it opens (``input``, ``fork``) or closes (``loop``); None for ``update``."""
    source: str
    """``input``, ``loop``, ``update`` or ``fork``."""
    step: int
    """-1 for the first input, then one more each."""
    saved: bytes | None
    """Encoded value for the next run's ``previous``; None when nothing was saved yet."""
    returned: bytes | None
    """Encoded value that ``get_state().values`` shows; None when nothing was returned yet."""
    meta: bytes
    ts: float
    seq: int = 0


class BaseCheckpointSaver(ABC):
    """Contract of a checkpoint backend; see the module for what holds of every method."""

    @property
    def identity(self) -> Hashable:
        """Equal for savers that keep the same threads; two savers on one file, for example."""
        return id(self)

    @abstractmethod
    def get_thread(self, thread_id: str, ns: str = "") -> ThreadRow | None: ...

    @abstractmethod
    def list_threads(self) -> list[ThreadRow]:
        """All threads of the database, the most recently changed first."""

    @abstractmethod
    def begin_run(
        self, run: RunRow, checkpoint: CheckpointRow, owner: str, expected_epoch: int | None
    ) -> int:
        """Store a new run with its opening checkpoint, make it the head, own the thread.

        Args:
            expected_epoch: epoch of the thread row the caller read; None when there was none.

        Returns:
            The new epoch.

        Raises:
            ThreadBusyError: the thread's epoch has moved on since.
        """

    @abstractmethod
    def claim(self, thread_id: str, ns: str, owner: str, expected_epoch: int) -> int:
        """Own the thread to continue its newest run; returns the new epoch.

        Raises:
            ThreadBusyError: the thread's epoch has moved on since.
        """

    @abstractmethod
    def append(
        self,
        run: RunRow,
        epoch: int,
        ops: Sequence[OpRow],
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        """Store ops in order, all or none, and give each its ``seq``.

        Args:
            checkpoint: what a nested workflow keeps, in a namespace of its own that the run's
                owner owns, too; becomes that namespace's head.

        Raises:
            LeaseLostError: the thread has another epoch by now.
        """

    @abstractmethod
    def finish(
        self,
        run: RunRow,
        epoch: int,
        status: str,
        ops: Sequence[OpRow] = (),
        checkpoint: CheckpointRow | None = None,
    ) -> None:
        """Store the last ops and the closing checkpoint, set the status, give the thread up.

        Raises:
            LeaseLostError: the thread has another epoch by now.
        """

    @abstractmethod
    def answer(self, run: RunRow, epoch: int, ops: Sequence[OpRow]) -> None:
        """Store answers, all or none; each key takes one answer per ``gen``. Survives power loss.

        Raises:
            AlreadyAnsweredError: one of them has an answer.
            LeaseLostError: the thread has another epoch by now.
        """

    @abstractmethod
    def update(self, checkpoint: CheckpointRow, expected_epoch: int | None) -> None:
        """Store a checkpoint made by hand and make it the head; the thread becomes idle.

        Raises:
            ThreadBusyError: the thread's epoch has moved on since.
        """

    @abstractmethod
    def get_run(self, run_id: str) -> RunRow | None: ...

    @abstractmethod
    def list_runs(self, thread_id: str, ns: str = "") -> list[RunRow]:
        """Runs of the thread, newest first."""

    @abstractmethod
    def get_ops(self, run_id: str, upto: int | None = None) -> list[OpRow]:
        """Ops of one run in order, up to a sequence number; forks are joined by the caller."""

    @abstractmethod
    def get_checkpoint(
        self, thread_id: str, ns: str = "", checkpoint_id: str | None = None
    ) -> CheckpointRow | None:
        """One checkpoint; without an id the thread's head."""

    @abstractmethod
    def list_checkpoints(
        self,
        thread_id: str,
        ns: str = "",
        *,
        before: str | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointRow]:
        """Checkpoints newest first.

        Args:
            before: only those stored before the checkpoint with this id.
            limit: at most so many; None for all.
        """

    @abstractmethod
    def delete_thread(self, thread_id: str) -> None:
        """Remove the thread with all namespaces; no error when there is none (243)."""

    def close(self) -> None:
        """Release files and connections; calling twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.close()
