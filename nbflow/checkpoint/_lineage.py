"""Whether checkpoints that are read newest first lack one that others tell of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nbflow.errors import CorruptDataError

__all__ = ["Lineage"]

_ID, _THREAD, _NS, _PARENT, _RUN, _SOURCE, _SEQ = 0, 1, 2, 3, 4, 5, 11
"""Columns of a row of table ckpt."""

_HEAD = ""
"""In place of a checkpoint that follows another: the thread's row names that one."""

_Awaited = dict[str, str | None]
"""Checkpoints of one namespace that must still come, each with one that follows it; None instead
where it is known to be in its place, or gone for good."""


class Lineage:
    """Watches rows go by, newest first.

    What a checkpoint follows is stored before it. So a row that nothing tells of is suspicious
    while others are still to come: a branch ends here, or theirs was to be read before it. Nothing
    is newer than the thread's newest, and nothing comes between the beginning of a run and its end.

    Args:
        find: the row of a checkpoint by thread, namespace and id; None where there is none.
        heads: thread, namespace and newest checkpoint of what is read from its end on.
        where: the database's name.
    """

    __slots__ = ("_awaited", "_ends", "_find", "_heads", "_newest", "_where")

    def __init__(
        self,
        find: Callable[[str, str, str], tuple[Any, ...] | None],
        heads: Callable[[], Iterable[tuple[str, str, str | None]]],
        where: str,
    ) -> None:
        self._find = find
        self._heads = heads
        self._where = where
        self._awaited: dict[tuple[str, str], _Awaited] = {}
        self._newest: dict[tuple[str, str], str] = {}
        """Of which no row was seen yet."""
        self._ends: dict[tuple[str, str], tuple[Any, ...]] = {}
        """The row before, where it ends a run."""

    def begin(self) -> None:
        """The first row is about to be read."""
        for thread_id, ns, head in self._heads():
            if head is not None:
                self._awaited[thread_id, ns] = {head: _HEAD}
                self._newest[thread_id, ns] = head

    def see(self, row: tuple[Any, ...]) -> None:
        """The next row.

        Raises:
            CorruptDataError: one is missing that was to come before it; the same row can be shown
                again.
        """
        place = row[_THREAD], row[_NS]
        end = self._ends.pop(place, None)
        if end is not None and end[_PARENT] != row[_ID]:
            self._require_beginning(place, end)
        awaited = self._awaited.get(place)
        head = self._newest.pop(place, None)
        if awaited is None:
            awaited = self._awaited[place] = {}
        elif row[_ID] in awaited:
            del awaited[row[_ID]]
        elif awaited:
            self._require(place, awaited, row[_SEQ])
            if head is not None:
                self._refuse_newer(place, head, row)
        if row[_PARENT] is not None:
            awaited.setdefault(row[_PARENT], row[_ID])
        if row[_SOURCE] == "loop":
            self._ends[place] = row

    def end(self) -> None:
        """There are no more rows.

        Raises:
            CorruptDataError: one is missing.
        """
        while self._awaited:
            self._require(*self._awaited.popitem(), 0)

    def forget(self) -> None:
        """A row is damaged: which one it was, and what it follows, is not known."""
        self._awaited.clear()
        self._ends.clear()

    def _require_beginning(self, place: tuple[str, str], end: tuple[Any, ...]) -> None:
        """Of the run that ended in a row, which was not the next one."""
        if end[_PARENT] is None or end[_RUN] is None:
            return
        began = self._find(*place, end[_PARENT])
        if began is None or began[_RUN] != end[_RUN] or began[_SOURCE] == "loop":
            return  # it is missing, which shows soon; or it was removed, and what follows has moved
        now = self._find(*place, end[_ID])
        if now is not None and now[_PARENT] == began[_ID]:
            self._refuse(place, end[_ID], f"ends the run that checkpoint {began[_ID]} began", now)

    def _require(self, place: tuple[str, str], awaited: _Awaited, before: int) -> None:
        for one, by in awaited.items():
            if by is None:
                continue
            awaited[one] = None
            row = self._find(*place, one)
            if (row is None or row[_SEQ] >= before) and self._is_told_of(place, one, by):
                told = "the thread's row names" if by == _HEAD else f"checkpoint {by} follows"
                self._refuse(place, one, told, row)

    def _refuse_newer(self, place: tuple[str, str], head: str, row: tuple[Any, ...]) -> None:
        """A row before the newest: one that is new names itself as that, in the same commit."""
        if self._is_told_of(place, head, _HEAD):
            now = self._find(*place, row[_ID])
            if now is not None:
                self._refuse(place, row[_ID], f"is older than checkpoint {head}", now)

    def _is_told_of(self, place: tuple[str, str], one: str, by: str) -> bool:
        """Whether it still is: it may have been removed meanwhile."""
        if by == _HEAD:
            return (*place, one) in self._heads()
        row = self._find(*place, by)
        return row is not None and row[_PARENT] == one

    def _refuse(
        self, place: tuple[str, str], one: str, told: str, row: tuple[Any, ...] | None
    ) -> None:
        lost = "is not there: column id, thread_id or ns"
        if row is not None:
            lost = f"has the number {row[_SEQ]}, which is not its own: column seq"
        raise CorruptDataError(
            f"Checkpoint {one} of thread {place[0]!r}, which {told}, {lost} of table ckpt in "
            f"{self._where} is damaged. Other threads are not affected. Restore the database from "
            "a copy; nbflow.repair.orphans() lists what has lost its place."
        )
