"""The inbox: every open question of a database in one place, for a person who reviews all day.

Showing it in a cell is all there is to do; it holds no state of its own besides what was answered
in it. It loads no widget library: the notebook does, where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbflow._hooks import hooks
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import InvalidConfigError
from nbflow.pending import PendingQuestion, pending
from nbflow.threads import saver_of
from nbflow.widgets.inbox_session import InboxSession

if TYPE_CHECKING:
    from nbflow.workflow import Workflow

__all__ = ["Inbox"]


class Inbox:
    """Every question that waits for an answer, as a list beside the form of one.

    Shown in a cell it is the live view: search, filters, forms, answers to several questions at
    once, and undo, all of it by keyboard too. An answer lets the run go on in the background.
    Where no widget can be shown, the cell prints the list.

    Args:
        source: a workflow, whose questions are shown, or a saver, for those of all workflows.
        more: further workflows, as in ``Inbox(essays, tables)``; the same as ``workflows``.
        workflows: the code of the workflows that shall be answered; questions of others are
            listed, and cannot be answered here. Beside a workflow as ``source``, theirs are
            shown too.

    Raises:
        MissingSaverError: a workflow keeps nothing, so that no question of it can wait.
        InvalidConfigError: a workflow keeps its threads elsewhere, or two have one name.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(name: str) -> str:
    ...     return interrupt(f"Publish {name}?")
    >>> for name in ("a", "b"):
    ...     _ = review.invoke(name, {"configurable": {"thread_id": name}})
    >>> inbox = Inbox(review)
    >>> inbox, [question.interrupt.value for question in inbox.questions()]
    (<nbflow inbox: 2 open questions>, ['Publish a?', 'Publish b?'])
    """

    def __init__(
        self,
        source: BaseCheckpointSaver | Workflow[Any, Any],
        *more: Workflow[Any, Any],
        workflows: Sequence[Workflow[Any, Any]] = (),
    ) -> None:
        own = () if isinstance(source, BaseCheckpointSaver) else (source,)
        self._saver = _saver_of(source)
        self._all = not own
        self._workflows: dict[str, Workflow[Any, Any]] = {}
        for workflow in (*own, *more, *workflows):
            if _saver_of(workflow).identity != self._saver.identity:
                raise InvalidConfigError(
                    f"The workflow {workflow.name!r} keeps its threads in another database than "
                    "this inbox reads. Make an inbox for each, or give both one checkpointer."
                )
            if self._workflows.setdefault(workflow.name, workflow) is not workflow:
                raise InvalidConfigError(
                    f"Two workflows are named {workflow.name!r}, so an answer could reach the "
                    "wrong code. Pass one of them, or give one another name=."
                )
        self.session: InboxSession = InboxSession(self.questions, self._workflows)
        """What it says to its pages."""

    def __repr__(self) -> str:
        count = len(self.questions())
        return f"<nbflow inbox: {count:,} open question{'' if count == 1 else 's'}>"

    def questions(self) -> list[PendingQuestion]:
        """The open questions, those that have waited longest first.

        Raises:
            CorruptDataError: a question cannot be read.
        """
        found = pending(self._saver)
        return [one for one in found if self._all or one.workflow in self._workflows]

    @property
    def workflows(self) -> tuple[Workflow[Any, Any], ...]:
        """The code that is at hand."""
        return tuple(self._workflows.values())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        display = hooks.filled().display_inbox
        return {"text/plain": repr(self)} if display is None else display(self)


def _saver_of(source: BaseCheckpointSaver | Workflow[Any, Any]) -> BaseCheckpointSaver:
    return saver_of(source, "no question of it can wait")[0]
