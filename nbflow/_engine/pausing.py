"""What a run says of itself when it pauses: that everything in reach was reached.

So a later execution knows which tasks need not run again before an answer comes, and an edit, a
crash or a fork cannot deceive it: the pause is a fact of the record, after all that it tells of.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbflow._engine.ids import ROOT
from nbflow._engine.replay import pause_value
from nbflow.checkpoint.base import OpRow

if TYPE_CHECKING:
    from nbflow._engine.execution import Execution

__all__ = ["pause_rows"]


def pause_rows(execution: Execution) -> list[OpRow]:
    """What the record says of a pause.

    Nothing when the run was stopped on its way, and when the record says so already.
    """
    if execution.stopping or execution.control.drain_reason is not None:
        return []
    journal = execution.journal
    told, gen = pause_value(execution.code_fp, execution.late_answers), 0
    root = journal.get(ROOT)
    if root is not None:
        if root.outcome == "pause" and root.value == told and not journal.has_news:
            return []
        gen = root.gen + 1
    name = execution.workflow
    return [OpRow("pause", ROOT, b"", name, b"", "0", 0, told, gen=gen, ts=time.time())]
