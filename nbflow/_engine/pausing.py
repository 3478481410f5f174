"""What a run says of itself when it pauses: that everything in reach was reached.

So a later execution knows which tasks need not run again before an answer comes, and an edit, a
crash or a fork cannot deceive it: the pause is a fact of the record, after all that it tells of.
And what is open is what the code asks: a question that edited code did not come by is withdrawn,
for every reader of the record.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbflow._engine.ids import ROOT, public_id
from nbflow._engine.replay import Call, pause_value
from nbflow._engine.replayed import void_of
from nbflow.checkpoint.base import OpRow

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution

__all__ = ["pause_rows"]


def pause_rows(execution: Execution, stored: int) -> list[OpRow]:
    """What the record says of a pause: the questions that are withdrawn, and then the pause, with
    how many facts there are before it.

    Nothing when the run was stopped on its way, and when the record says so already.

    Args:
        stored: facts that the record has.
    """
    if execution.stopping or execution.control.drain_reason is not None:
        return []
    journal = execution.journal
    rows = [void_of(call) for call in _gone_by(execution)]
    told, gen = pause_value(execution.code_fp, execution.late_answers), 0
    root = journal.get(ROOT)
    if root is not None:
        if root.outcome == "pause" and root.value == told and not (rows or journal.has_news):
            return []
        gen = root.gen + 1
    name = execution.workflow
    n = stored + len(rows)
    return [*rows, OpRow("pause", ROOT, b"", name, b"", "0", n, told, gen=gen, ts=time.time())]


def _gone_by(execution: Execution) -> list[Call]:
    """The open questions that the code did not come by this time, if it may go another way.

    The code that made the record comes by them again, if only after an answer.
    """
    if not execution.strays:
        return []
    reached = {question.id for question in execution.questions}
    return [
        call
        for call in execution.journal.open_questions()
        if public_id(execution.run_id, call.key) not in reached
    ]
