"""A side panel's conversation with what it lists: the runs of a kernel, or those of a database.

The invariant: the list is read anew each time it is asked for, and nothing is kept here but how the
questions are titled; reading runs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nbflow.errors import CorruptDataError, UnknownThreadError
from nbflow.events import Answered, Asked, RunEnded, RunStarted
from nbflow.forms import form_of
from nbflow.forms.portable import shorten
from nbflow.identity import responder
from nbflow.pending import pending
from nbflow.threads import thread_of
from nbflow.widgets.conversation import Page, text_in
from nbflow.widgets.listing import ListingSession
from nbflow.widgets.wire import secrets_of

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.checkpoint.base import BaseCheckpointSaver
    from nbflow.pending import PendingQuestion
    from nbflow.types import Interrupt
    from nbflow.widgets.panel_protocol import PanelQuestion, PanelRow

__all__ = ["PanelSession", "rows_of_runs", "rows_of_saver"]

_ROWS = 200
_QUESTIONS = 20
_TITLE_CHARS = 200
_NAME_CHARS = 200
_NOT_OVER = ("running", "interrupted", "ready")
_ORDER = {"interrupted": 0, "error": 0, "running": 1, "ready": 2, "crashed": 3}


class PanelSession(ListingSession):
    """What is told to the panels that list one kernel or database.

    Args:
        find: reads the runs that are not over.

    >>> class Log:
    ...     def send(self, content, buffers=None):
    ...         print(content["list"])
    ...     def show(self, snapshot):
    ...         pass
    >>> PanelSession(lambda: []).receive(Log(), {"type": "runs", "request": "1", "mark": ""})
    {'rows': [], 'more': 0, 'waiting': 0}
    """

    _heard: ClassVar = (RunStarted, Asked, Answered, RunEnded)

    def __init__(self, find: Callable[[], list[PanelRow]]) -> None:
        super().__init__()
        self._find = find

    def _serve_runs(self, page: Page, content: dict[str, Any]) -> None:
        rows = sorted(self._find(), key=lambda row: (_ORDER[row["status"]], row["since"]))
        listed = {
            "rows": [{**row, "questions": row["questions"][:_QUESTIONS]} for row in rows[:_ROWS]],
            "more": max(0, len(rows) - _ROWS),
            "waiting": sum(len(row["questions"]) for row in rows),
        }
        mark = self._mark(listed)
        self._post(
            page,
            {
                "type": "runs",
                "request": text_in(content, "request"),
                "mark": mark,
                "now": time.time(),
                "list": None if mark == text_in(content, "mark") else listed,
            },
        )

    _serves: ClassVar = {"runs": _serve_runs}


def rows_of_runs(runs: Iterable[BaseRun]) -> list[PanelRow]:
    """Return the runs that are not over, of those that are given.

    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(name: str) -> str:
    ...     return interrupt(f"Publish {name}?")
    >>> run = review.start("a", thread_id="1")
    >>> run.wait(), [row["questions"][0]["title"] for row in rows_of_runs([run])]
    ('interrupted', ['Publish a?'])
    """
    newest: dict[Any, PanelRow] = {}
    for run in runs:
        place = (run.workflow.name, run.thread_id or run.id)
        row = _row_of_run(run)
        if row is None:
            newest.pop(place, None)
        else:
            newest[place] = row
    return list(newest.values())


def _row_of_run(run: BaseRun) -> PanelRow | None:
    status, asked = run.status, run.interrupts
    if not run.id or (status not in _NOT_OVER and not asked):
        return None
    events = run.events()
    when = {one.interrupt.id: one for one in events if isinstance(one, Asked)}
    hide = secrets_of(run).hide if asked else str
    questions = [
        _question(one, when[one.id].task, when[one.id].ts, hide) for one in asked if one.id in when
    ]
    begun = next((one.ts for one in reversed(events) if isinstance(one, RunStarted)), 0.0)
    return _row(run.id, run.thread_id, run.workflow.name, status, begun, questions)


def rows_of_saver(saver: BaseCheckpointSaver) -> list[PanelRow]:
    """Return the runs of a database that are not over; a damaged thread is left out.

    Raises:
        CorruptDataError: a question cannot be read.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> rows_of_saver(InMemorySaver())
    []
    """
    asked: dict[str, list[PendingQuestion]] = {}
    for question in pending(saver):
        asked.setdefault(question.thread_id, []).append(question)
    rows = [_row_of_questions(thread_id, found) for thread_id, found in asked.items()]
    for thread in saver.list_threads():
        at_work = thread.ns == "" and thread.run is not None and thread.status in _NOT_OVER
        if at_work and thread.thread_id not in asked:
            try:
                info = thread_of(saver, thread.thread_id)
            except (CorruptDataError, UnknownThreadError):
                continue
            rows.append(
                _row(info.thread_id, info.thread_id, info.workflow, info.status, info.changed_at)
            )
    return rows


def _row_of_questions(thread_id: str, found: list[PendingQuestion]) -> PanelRow:
    questions = [_question(one.interrupt, one.task, one.asked_at, str) for one in found]
    return _row(thread_id, thread_id, found[0].workflow, "interrupted", 0.0, questions)


def _row(
    key: str,
    thread_id: str | None,
    workflow: str,
    status: str,
    since: float,
    questions: list[PanelQuestion] | None = None,
) -> PanelRow:
    asked = sorted(questions or [], key=lambda one: one["asked_at"])
    return {
        "key": key,
        "thread_id": None if thread_id is None else shorten(thread_id, _NAME_CHARS)[0],
        "workflow": shorten(workflow, _NAME_CHARS)[0],
        "status": cast("Any", status if status in _ORDER else "crashed"),
        "since": asked[0]["asked_at"] if asked else since,
        "questions": asked,
    }


def _question(
    asked: Interrupt, task: str | None, asked_at: float, hide: Callable[[str], str]
) -> PanelQuestion:
    return {
        "interrupt_id": asked.id,
        "title": hide(shorten(form_of(asked, task)["title"], _TITLE_CHARS)[0]),
        "asked_at": asked_at,
        "deadline": asked.deadline,
        "yours": not asked.assignees or responder().name in asked.assignees,
    }
