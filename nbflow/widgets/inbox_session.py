"""One inbox's conversation with the pages that show it.

It lists the open questions of a database, gives each its form when it is opened, hands answers to
the runs that wait for them, and takes answers back. The invariant: each question is answered or
undone on its own thread, by the workflow that asked it, or it is refused with a reason; nothing is
kept here that the database does not hold, save what this inbox itself has answered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from nbflow.errors import NbflowError, NotAssignedError, UnknownInterruptError, UnknownOpError
from nbflow.events import Answered, Asked, RunEnded
from nbflow.forms import decided_in, form_of, preview, without_secrets
from nbflow.forms.portable import clean_text, shorten
from nbflow.identity import acting_as, responder
from nbflow.pending import PendingQuestion
from nbflow.widgets.batches import batches
from nbflow.widgets.conversation import BadMessageError, Page, number_in, text_in
from nbflow.widgets.listing import ListingSession
from nbflow.widgets.submissions import Submissions
from nbflow.widgets.wire import secrets_of

if TYPE_CHECKING:
    from nbflow.forms.model import Form
    from nbflow.types import Interrupt
    from nbflow.widgets.inbox_protocol import (
        AnsweredQuestion,
        Bulk,
        Listing,
        QuestionRow,
    )
    from nbflow.workflow import Workflow

__all__ = ["ROWS", "InboxSession", "Keeper"]

ROWS = 500
"""How many questions a page gets at once."""

_REMEMBERED = 2_000
_ANSWERED = 100
_ACTIONS = 50
_TITLE_CHARS = 300
_NAME_CHARS = 200
_ANSWER_CHARS = 200

_acting = threading.Lock()
"""Held from finding a thread's run to its going on, so that all inboxes share one run a thread."""

_log = logging.getLogger(__name__)


class Keeper(Protocol):
    """Keeps answers where no code is at hand; the runs go on where it is."""

    def answer(self, question: PendingQuestion, value: Any) -> None:
        """Store an answer."""

    def ask_again(self, question: PendingQuestion) -> None:
        """Take an answer back."""


class InboxSession(ListingSession):
    """What one inbox says to its pages, and what they say to it.

    Args:
        find: reads the open questions.
        workflows: the code that answers them, by name.
        keeper: stores the answers to questions of other workflows; without one, those are listed
            and cannot be answered here.

    >>> session = InboxSession(lambda: [], {})
    >>> class Log:
    ...     def send(self, content, buffers=None):
    ...         print(content["listing"]["rows"])
    ...     def show(self, snapshot):
    ...         pass
    >>> session.receive(Log(), {"type": "questions", "request": "1", "workflow": None, "text": "",
    ...                         "older_than_s": 0, "mark": ""})
    []
    """

    _heard: ClassVar = (Asked, Answered, RunEnded)

    def __init__(
        self,
        find: Callable[[], list[PendingQuestion]],
        workflows: Mapping[str, Workflow[Any, Any]],
        keeper: Keeper | None = None,
    ) -> None:
        super().__init__()
        self._find = find
        self._workflows = workflows
        self._keeper = keeper
        self._rows: dict[str, QuestionRow] = {}
        """Of the questions that were open at the last look, drawn once each."""
        self._known: OrderedDict[str, PendingQuestion] = OrderedDict()
        """Questions that were opened or answered here, open or not."""
        self._answered: OrderedDict[str, AnsweredQuestion] = OrderedDict()
        self._submissions = Submissions(self._interrupt, self._answer)

    # -- the list -----------------------------------------------------------------------------

    def _serve_questions(self, page: Page, content: dict[str, Any]) -> None:
        workflow = None if content.get("workflow") is None else text_in(content, "workflow")
        now, waiting = time.time(), self._find()
        self._let_expire(waiting, now)
        listing = self._listing(
            waiting,
            workflow,
            text_in(content, "text"),
            now - number_in(content, "older_than_s"),
            mine=content.get("mine") is True,
        )
        mark = self._mark(listing)
        same = mark == text_in(content, "mark")
        self._post(
            page,
            {
                "type": "questions",
                "request": text_in(content, "request"),
                "mark": mark,
                "now": now,
                "listing": None if same else listing,
            },
        )

    def _listing(
        self,
        waiting: list[PendingQuestion],
        workflow: str | None,
        text: str,
        until: float,
        *,
        mine: bool,
    ) -> Listing:
        you = responder().name
        found = [
            question
            for question in waiting
            if workflow in (None, question.workflow)
            and question.asked_at <= until
            and (not text or question.says(text))
            and (not mine or question.is_for(you))
        ]
        counts = Counter(question.workflow for question in waiting)
        with self._lock:
            open_ids = {question.interrupt.id for question in waiting}
            self._rows = {key: row for key, row in self._rows.items() if key in open_ids}
            return {
                "rows": [self._row(question) for question in found[:ROWS]],
                "total": len(found),
                "waiting": len(waiting),
                "others": sum(not question.is_for(you) for question in waiting),
                "workflows": [
                    {"name": name, "waiting": count} for name, count in sorted(counts.items())
                ],
                "answered": list(reversed(self._answered.values())),
            }

    def _let_expire(self, waiting: list[PendingQuestion], now: float) -> None:
        """Let the runs go on whose questions' time is up, where the code is at hand."""
        for question in waiting:
            deadline, workflow = question.interrupt.deadline, self._workflows.get(question.workflow)
            if deadline is not None and deadline <= now and workflow is not None:
                with _acting, suppress(NbflowError):  # else it stays in the list as it is
                    workflow.thread(question.thread_id)

    def form(self, question: PendingQuestion) -> Form:
        """Return a question's form, without what its run was given in secret.

        What that is tells the code: of a workflow that is not at hand the form is as it is.
        """
        form = form_of(question.interrupt, question.task)
        workflow = self._workflows.get(question.workflow)
        if workflow is None:
            return form
        secrets = secrets_of(workflow.thread(question.thread_id))
        hidden: Form = secrets.hide_in_parts({"form": form})["form"]
        return hidden

    def _row(self, question: PendingQuestion) -> QuestionRow:
        row = self._rows.get(question.interrupt.id)
        if row is None:
            form = self.form(question)
            row = self._rows[question.interrupt.id] = {
                "interrupt_id": question.interrupt.id,
                "thread_id": shorten(question.thread_id, _NAME_CHARS)[0],
                "workflow": question.workflow,
                "task": question.task,
                "title": shorten(form["title"], _TITLE_CHARS)[0],
                "asked_at": question.asked_at,
                "known": not self._unknown(question),
                "bulk": _bulk(form),
                "deadline": question.interrupt.deadline,
                "yours": False,
            }
        row["yours"] = question.is_for(responder().name)  # who sits here may say another name
        return row

    # -- one question -------------------------------------------------------------------------

    def _serve_open(self, page: Page, content: dict[str, Any]) -> None:
        interrupt_id = text_in(content, "interrupt_id")
        question = next((one for one in self._find() if one.interrupt.id == interrupt_id), None)
        note = "" if question is None else self._unknown(question)
        if question is not None:
            self._remember(question)
        self._post(
            page,
            {
                "type": "opened",
                "request": text_in(content, "request"),
                "interrupt_id": interrupt_id,
                "form": None if question is None else self.form(question),
                "note": clean_text(note),
            },
        )

    def _remember(self, question: PendingQuestion) -> None:
        with self._lock:
            self._known[question.interrupt.id] = question
            self._known.move_to_end(question.interrupt.id)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _question(self, interrupt_id: str) -> PendingQuestion | None:
        """Return a question that is open, or was when it was opened here."""
        with self._lock:
            known = self._known.get(interrupt_id)
        if known is None:
            for question in self._find():
                if question.interrupt.id == interrupt_id:
                    known = question
                elif question.interrupt.id in self._rows:
                    self._remember(question)
        if known is not None:
            self._remember(known)
        return known

    def _interrupt(self, interrupt_id: str) -> Interrupt | None:
        question = self._question(interrupt_id)
        return None if question is None else question.interrupt

    def _unknown(self, question: PendingQuestion) -> str:
        """Return why a question cannot be answered here; empty when it can."""
        if question.workflow in self._workflows or self._keeper is not None:
            return ""
        return (
            f"The code of the workflow {question.workflow!r} is not known to this inbox, so it "
            "could not go on. Pass it: nbflow.Inbox(saver, workflows=[...])."
        )

    # -- answers ------------------------------------------------------------------------------

    def _serve_submit(self, page: Page, content: dict[str, Any]) -> None:
        self._post(page, self._submissions.receipt(content))

    def _answer(self, interrupt_id: str, value: Any) -> None:
        question = self._question(interrupt_id)
        if question is None:
            raise UnknownInterruptError(
                "This question is not open any more. Nothing was stored.",
                "not_pending",
                (interrupt_id,),
            )
        workflow = self._workflows.get(question.workflow)
        if workflow is None and self._keeper is None:
            raise UnknownInterruptError(self._unknown(question), "not_pending", (interrupt_id,))
        with _acting, acting_as(via="inbox"):
            if workflow is not None:
                workflow.thread(question.thread_id).answer(interrupt_id, value)
            elif self._keeper is not None:
                self._keeper.answer(question, value)
        self._note_answer(question, value)

    def _note_answer(self, question: PendingQuestion, value: Any) -> None:
        interrupt = question.interrupt
        shown = without_secrets(value, interrupt.response_schema)
        title = shorten(self.form(question)["title"], _TITLE_CHARS)[0]
        with self._lock:
            self._answered[interrupt.id] = {
                "interrupt_id": interrupt.id,
                "thread_id": shorten(question.thread_id, _NAME_CHARS)[0],
                "workflow": question.workflow,
                "title": title,
                "answered_at": time.time(),
                "decided": [one["kind"] for one in decided_in(interrupt, value)][:_ACTIONS],
                "answer": preview(shown, _ANSWER_CHARS),
                "undone": False,
            }
            while len(self._answered) > _ANSWERED:
                self._answered.popitem(last=False)
        batches.mark(self)

    # -- taking an answer back ----------------------------------------------------------------

    def _serve_undo(self, page: Page, content: dict[str, Any]) -> None:
        interrupt_id = text_in(content, "interrupt_id")
        message, again = "", None
        try:
            again = self._undo(interrupt_id)
        except NbflowError as exc:
            message = clean_text(str(exc))
        self._post(
            page,
            {
                "type": "undone",
                "request": text_in(content, "request"),
                "interrupt_id": interrupt_id,
                "status": "refused" if message else "undone",
                "message": message,
                "again": again,
            },
        )

    def _undo(self, interrupt_id: str) -> str | None:
        """Ask a question again on a fork of its thread; return the id that it has there."""
        with self._lock:
            answered = self._answered.get(interrupt_id)
            question = self._known.get(interrupt_id)
        if answered is None or question is None or answered["undone"]:
            raise BadMessageError("This inbox has no answer to that question to take back.")
        you = responder().name
        if not question.is_for(you):
            raise NotAssignedError(you, question.interrupt.assignees)
        workflow = self._workflows.get(question.workflow)
        with _acting:
            try:
                self._fork(workflow, question)
            except UnknownOpError as exc:
                raise UnknownOpError(
                    f"Thread {question.thread_id!r} has gone another way since: it was asked "
                    "again from an earlier question, or begun anew. Nothing was changed."
                ) from exc
            with self._lock:
                answered["undone"] = True
            again = self._asked_again(question)
            try:
                if workflow is not None:
                    workflow.start(None, thread_id=question.thread_id)
            except NbflowError:  # the fork waits at the question all the same
                _log.warning("The question %s is asked again, but not live", again, exc_info=True)
        batches.mark(self)
        return again

    def _fork(self, workflow: Workflow[Any, Any] | None, question: PendingQuestion) -> None:
        if workflow is not None:
            here = {"configurable": {"thread_id": question.thread_id}}
            workflow.fork(here, before=question.interrupt.id)
        elif self._keeper is not None:
            self._keeper.ask_again(question)

    def _asked_again(self, question: PendingQuestion) -> str | None:
        asked = question.interrupt
        for other in self._find():
            same = other.thread_id == question.thread_id and other.task == question.task
            if same and other.interrupt.value == asked.value:
                return other.interrupt.id
        return None

    _serves: ClassVar = {
        "questions": _serve_questions,
        "open": _serve_open,
        "submit": _serve_submit,
        "undo": _serve_undo,
    }


def _bulk(form: Form) -> Bulk | None:
    """Return how a question can be let through together with others; None when it cannot."""
    actions = form["actions"]
    if not actions:
        return {"kind": "yes", "names": []} if form["schema"].get("type") == "boolean" else None
    for kind in ("approve", "accept"):
        if len(actions) <= _ACTIONS and all(
            any(
                one["kind"] == kind and (one["schema"] is None or one["optional"])
                for one in action["decisions"]
            )
            for action in actions
        ):
            return {"kind": cast("Any", kind), "names": [action["name"] for action in actions]}
    return None
