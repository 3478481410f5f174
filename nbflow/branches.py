"""The checkpoints of a thread as branches, and two runs beside each other.

Pure. The invariant: every checkpoint is in exactly one branch, and one that is stored later moves
none from its branch to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nbflow.compare import differences
from nbflow.types import OpSnapshot, StateSnapshot

__all__ = ["Branch", "OpPair", "branches_of", "checkpoint_id_of", "first_difference", "paired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of checkpoints, each after the one before it; :func:`branches_of` makes it."""

    number: int
    """From 1, in the order in which they began."""
    checkpoints: tuple[StateSnapshot, ...]
    """Newest first."""
    leaves: str | None
    """Id of the checkpoint that it leaves another branch at; None for one that begins anew."""
    parent: int | None
    """Number of that branch; None for one that begins anew."""

    @property
    def newest(self) -> StateSnapshot:
        """Its newest checkpoint."""
        return self.checkpoints[0]


def branches_of(history: Iterable[StateSnapshot]) -> list[Branch]:
    """Return the branches of a thread, the one with the newest checkpoint first.

    A fork begins a branch, and so does whatever follows a checkpoint that has been followed before.

    Args:
        history: all checkpoints of the thread, newest first, as ``get_state_history`` gives them.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> thread = {"configurable": {"thread_id": "1"}}
    >>> _ = double.invoke(4, thread)
    >>> _ = double.invoke(None, double.fork(thread))
    >>> [(one.number, one.parent, len(one.checkpoints))
    ...  for one in branches_of(double.get_state_history(thread))]
    [(2, 1, 2), (1, None, 2)]
    """
    lines: list[list[StateSnapshot]] = []
    begins: list[tuple[str | None, int | None]] = []
    at: dict[str, int] = {}
    followed: set[str] = set()
    order: list[int] = []
    for shot in reversed(list(history)):
        before = checkpoint_id_of(shot.parent_config)
        line = at.get(before) if before is not None else None
        is_fork = (shot.metadata or {}).get("source") == "fork"
        if line is None or is_fork or before in followed:
            begins.append((before, None if line is None else line + 1))
            line = len(lines)
            lines.append([])
        elif before is not None:
            followed.add(before)
        lines[line].append(shot)
        order.append(line)
        at[checkpoint_id_of(shot.config) or ""] = line
    newest_first = list(dict.fromkeys(reversed(order)))
    return [
        Branch(
            number=line + 1, checkpoints=tuple(reversed(lines[line])), leaves=begins[line][0],
            parent=begins[line][1],
        )
        for line in newest_first
    ]  # fmt: skip


def checkpoint_id_of(config: Any) -> str | None:
    """Return the checkpoint that a configuration names; None when it names none.

    >>> checkpoint_id_of({"configurable": {"thread_id": "1", "checkpoint_id": "1f0e"}})
    '1f0e'
    """
    found = ((config or {}).get("configurable") or {}).get("checkpoint_id")
    return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpPair:
    """The same op in two runs, or one that only one of them has; :func:`paired` makes it."""

    left: OpSnapshot | None
    """In the first run; None when it has none."""
    right: OpSnapshot | None
    """In the second run; None when it has none."""
    same_call: bool
    """Whether both are the same call with the same arguments, or the same question."""

    @property
    def same(self) -> bool:
        """Whether the same call had the same outcome, or the same question the same answer."""
        left, right = self.left, self.right
        if left is None or right is None or not self.same_call or left.status != right.status:
            return False
        if (left.error is None) is not (right.error is None):
            return False
        if left.error is not None and right.error is not None:
            return (left.error.type, left.error.message) == (right.error.type, right.error.message)
        before, after = (left.value, left.answer), (right.value, right.answer)
        return not differences(before, after, limit=1)


def paired(left: Sequence[OpSnapshot], right: Sequence[OpSnapshot]) -> list[OpPair]:
    """Return the ops of two runs beside each other, in the order of the first one.

    The same call is paired with itself, whatever its outcome; what is left over is paired by name,
    in order, as calls with other arguments.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint, task
    >>> @task
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def work(n: int) -> int:
    ...     return double(n).result()
    >>> runs = []
    >>> for n in (1, 2):
    ...     config = {"configurable": {"thread_id": f"{n}"}}
    ...     _ = work.invoke(n, config)
    ...     runs.append(list(work.get_state_history(config))[-1].ops)
    >>> [(pair.left.value, pair.right.value, pair.same_call) for pair in paired(*runs)]
    [(2, 4, False)]
    """
    mates: dict[str, OpSnapshot] = {}
    by_key = {op.key: op for op in right}
    for op in left:
        if op.key in by_key:
            mates[op.key] = by_key[op.key]
    taken = set(mates)
    rest: dict[tuple[str, str | None], list[OpSnapshot]] = {}
    for op in right:
        if op.key not in taken:
            rest.setdefault((op.kind, op.name), []).append(op)
    pairs: list[OpPair] = []
    for op in left:
        mate = mates.get(op.key)
        others = rest.get((op.kind, op.name))
        if mate is None and others:
            pairs.append(OpPair(left=op, right=others.pop(0), same_call=False))
        else:
            pairs.append(OpPair(left=op, right=mate, same_call=mate is not None))
    left_over = {op.key for others in rest.values() for op in others}
    pairs += [OpPair(left=None, right=op, same_call=False) for op in right if op.key in left_over]
    return pairs


def first_difference(pairs: Sequence[OpPair]) -> int | None:
    """Return the place of the first op in which two runs differ; None when they differ in none.

    >>> first_difference([])
    """
    return next((at for at, pair in enumerate(pairs) if not pair.same), None)
