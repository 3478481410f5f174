"""A run's record as a value: what it was given, what it did, asked and became, and its history.

The invariants: it is data alone, from a log in wire form, so it can be kept in a file and looked at
where the code is not; it holds no secret that the run's schemas mark; looking at it runs nothing.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from keyword import iskeyword
from typing import TYPE_CHECKING

from nbflow.base_run import BaseRun
from nbflow.errors import MissingThreadError
from nbflow.export.sections import (
    Section,
    given_section,
    history_section,
    outcome_section,
    question_section,
    tasks_section,
)
from nbflow.inputs import input_schema
from nbflow.record.log import encoded
from nbflow.record.static_view import run_html, run_text
from nbflow.record.summary import Summary, summary_of
from nbflow.widgets.checkpoints import checkpoint_item

if TYPE_CHECKING:
    from nbflow.base_workflow import BaseWorkflow
    from nbflow.widgets.protocol import CheckpointItem, EventData

__all__ = ["Record", "is_importable", "record"]

_CHECKPOINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run, told. In a cell it shows the run as a saved notebook keeps it; with
    ``%load_ext nbflow``, a run that is over as the card that it was, to look at.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> run = double.start(4)
    >>> run.result()
    8
    >>> told = record(run)
    >>> told.summary.status, told.given.text, told.outcome.text
    ('done', '4', '8')
    """

    log: list[EventData]
    """All that the run said of itself, in wire form and in order."""
    history: list[CheckpointItem]
    """The thread's checkpoints, newest first."""
    made_at: float
    """When it was made, in seconds since the epoch."""
    module: str | None = None
    """Where the workflow can be imported from; None where that is not known, as in a notebook."""
    variable: str = "workflow"
    """The name that the workflow has there."""

    @property
    def summary(self) -> Summary:
        """What the log adds up to."""
        return summary_of(self.log)

    @property
    def given(self) -> Section:
        """What the run was given."""
        return given_section(self.summary)

    @property
    def tasks(self) -> Section:
        """The tasks with their times, what they were called with and what came of them."""
        return tasks_section(self.summary)

    @property
    def questions(self) -> list[Section]:
        """Each question, with its form, its answer, who gave it and when."""
        return [question_section(one) for one in self.summary.questions.values()]

    @property
    def outcome(self) -> Section:
        """The result, the error, or what the run waits for."""
        return outcome_section(self.summary)

    @property
    def checkpoints(self) -> Section:
        """The thread's history as a table."""
        return history_section(self.history)

    def __repr__(self) -> str:
        return run_text(self.summary)

    def _repr_html_(self) -> str:
        return run_html(self.summary)


def record(source: BaseRun | BaseWorkflow | Record, thread_id: str | int | None = None) -> Record:
    """Return the record of a run as it stands now.

    Args:
        source: a run; a workflow, whose thread is meant; or a record, which is returned.
        thread_id: which thread of a workflow.

    Raises:
        MissingThreadError: a workflow without a ``thread_id``.
        UnknownThreadError: the workflow has no such thread.
        WorkflowMismatchError: another workflow began it.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.types import interrupt
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def review(text: str) -> str:
    ...     return interrupt("Publish it?")
    >>> _ = review.invoke("essay", {"configurable": {"thread_id": "1"}})
    >>> print(record(review, "1"))
    review ? waits for an answer · ...
      ? Publish it?  (not answered yet)
    """
    if isinstance(source, Record):
        return source
    run = source if isinstance(source, BaseRun) else _run_of(source, thread_id)
    log, secrets = encoded(run.events(), input_schema(run.workflow))
    module, variable = _home(run.workflow)
    return Record(
        log=log,
        history=[checkpoint_item(one, secrets) for one in run.history(limit=_CHECKPOINTS)],
        made_at=time.time(),
        module=module,
        variable=variable,
    )


def _run_of(workflow: BaseWorkflow, thread_id: str | int | None) -> BaseRun:
    if thread_id is None:
        raise MissingThreadError(
            f"{workflow.name!r} may have many threads: say which, as in "
            f"record({workflow.name}, thread_id='…'). nbflow.threads.threads({workflow.name}) "
            "lists them."
        )
    return workflow.thread(thread_id)


def _home(workflow: BaseWorkflow) -> tuple[str | None, str]:
    """The module that the workflow can be imported from, and its name there."""
    name = workflow.home
    names = vars(sys.modules[name]) if name in sys.modules else {}
    variable = next((key for key, value in list(names.items()) if value is workflow), None)
    fallback = workflow.name if is_importable(workflow.name) else "workflow"
    if variable is None or name is None or name == "__main__" or not is_importable(name):
        return None, variable or fallback
    return name, variable


def is_importable(name: str) -> bool:
    """Whether a text can stand in an import line, and nothing else with it.

    >>> is_importable("essays.review"), is_importable("os; os.abort()"), is_importable("a.class")
    (True, False, False)
    """
    return all(part.isidentifier() and not iskeyword(part) for part in name.split("."))
