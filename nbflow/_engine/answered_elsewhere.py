"""An answer that is stored where the code that asked is not: the run goes on where it is."""

from __future__ import annotations

from typing import Any

from nbflow._engine.answering import answer_to, answers_for
from nbflow._engine.history import ops_of, record_of
from nbflow._engine.judging import Judges
from nbflow._engine.owners import disown, owning
from nbflow._engine.replay import Journal
from nbflow._engine.threads import current_run, refuse_busy
from nbflow.checkpoint.base import BaseCheckpointSaver, ThreadRow

__all__ = ["store_answer"]


def store_answer(
    saver: BaseCheckpointSaver, thread: ThreadRow, interrupt_id: str, answer: Any
) -> None:
    """Store the answer to one question of a thread's newest run; see ``pending.keep_answer``."""
    refuse_busy(thread)
    run = current_run(saver, thread)
    journal = Journal(record_of(saver, thread, run))
    rows = answers_for(run, journal, answer_to(interrupt_id, answer), Judges())
    epoch = thread.epoch + 1
    status = thread.status
    with owning(saver, run, epoch) as owner:
        saver.claim(thread.thread_id, thread.ns, owner, thread.epoch)
        try:
            saver.answer(run, epoch, rows)
            if status == "interrupted" and not Journal(ops_of(saver, run)).open_questions():
                status = "ready"
        finally:
            saver.finish(run, epoch, status)
    disown(run.id, epoch)
