"""The rows that savers keep, and the names that they can hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbflow.errors import InvalidNameError

__all__ = ["CheckpointRow", "OpRow", "RunRow", "ThreadRow", "require_names"]


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
    """How a thread stands; the only row that is ever changed."""

    thread_id: str
    """As ``configurable`` has it."""
    ns: str
    """Checkpoint namespace; ``""`` for the root."""
    head: str | None
    """Id of the newest checkpoint; None before the first."""
    run: str | None
    """Id of the newest run; None before the first."""
    status: str
    """``idle``, ``ready``, ``running``, ``interrupted``, ``error`` or ``cancelled``."""
    epoch: int
    """Grows by one with every new owner; a commit under an older epoch is refused."""
    owner: str | None
    """Who runs it (``host/pid/token``); None when nobody does."""
    lease_s: float | None = field(default=None, compare=False)
    """Seconds that were left of the owner's lease when the row was read, by the database's clock;
    None where owners need none."""


@dataclass(slots=True)
class RunRow:
    """One invocation, as it began."""

    id: str
    """32 hex digits."""
    thread_id: str
    """The thread that it is of."""
    ns: str
    """Checkpoint namespace; ``""`` for the root."""
    base: str | None
    """Id of the checkpoint before the run; None on a fresh thread."""
    parent_run: str | None
    """A fork: the run whose ops up to ``upto`` come first."""
    upto: int
    """Sequence number of the last op taken from ``parent_run``; 0 for none."""
    workflow: str
    """The workflow's name; no other one may continue the run (80)."""
    code_fp: bytes
    """Fingerprint of the entrypoint and the code it calls."""
    fmt: int
    """Version of the record's format."""
    input: bytes
    """Encoded input."""
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
        self.kind: str = kind
        """``start``, ``result``, ``error``, ``cancel``, ``ask``, ``answer``, ``void``; of the
        entrypoint itself ``error`` and ``pause``."""
        self.key: bytes = key
        """16 bytes; one call of the run."""
        self.parent: bytes = parent
        """Key of the calling op; the run's root for the entrypoint's own calls."""
        self.name: str = name
        """The task's; empty for a question."""
        self.args: bytes = args
        """What was called with: the encoded arguments, or their digest when they are long."""
        self.lane: str = lane
        """Which line of control called (an asyncio task of the user's), such as ``0.2``."""
        self.n: int = n
        """How many equal calls there had been under this parent before, in any lane."""
        self.value: bytes | None = value
        """Encoded result, failure, question or answer; what a ``pause`` tells, as it is; None for
        most ``start`` and for ``void``."""
        self.attempt: int = attempt
        """From 1; of a ``start`` how many had begun by then, 0 when it was only called."""
        self.gen: int = gen
        """Which life of this key: grows by one with each ``void``."""
        self.ts: float = ts
        """When it started, seconds since the epoch."""
        self.dur: float = dur
        """Seconds."""
        self.site: str = site
        """Where it was called, such as ``essay.py:12``; for messages only."""
        self.seq: int = seq
        """Given by the backend, growing over the whole database."""


class _ReadLate:
    """Has some of its columns read when they are first looked at."""

    __slots__ = ("_late",)
    _late: dict[str, Callable[[], bytes | None]]
    """Set once a column is put off."""

    def put_off(self, column: str, read: Callable[[], bytes | None]) -> None:
        """Have a column that holds a value read when somebody looks at it."""
        self._late = {**getattr(self, "_late", {}), column: read}
        delattr(self, column)

    if not TYPE_CHECKING:  # columns are known to be there

        def __getattr__(self, column: str) -> bytes | None:
            if column == "_late" or column not in getattr(self, "_late", ()):
                raise AttributeError(f"{type(self).__name__!r} has no attribute {column!r}")
            value = self._late[column]()
            setattr(self, column, value)
            return value


@dataclass(slots=True)
class CheckpointRow(_ReadLate):
    """A thread at one moment: before or after a run, or changed by hand.

    A saver may put off reading ``saved`` and ``returned`` until somebody looks at them.
    """

    id: str
    """The id that ``configurable`` takes as ``checkpoint_id``."""
    thread_id: str
    """The thread that it is of."""
    ns: str
    """Checkpoint namespace; ``""`` for the root."""
    parent: str | None
    """Id of the checkpoint before it; None for the first."""
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
    """Encoded dict: metadata and tags."""
    ts: float
    """Seconds since the epoch."""
    seq: int = 0
    """Given by the backend, growing over the whole database."""
