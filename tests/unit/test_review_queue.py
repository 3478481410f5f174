"""``nbflow.review``: a plain list becomes a durable queue of questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

import nbflow
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import EmptyInputError, InvalidAnswerError, NotSerializableError


class Verdict(BaseModel):
    keep: bool
    why: str = ""


def _next(run: Any) -> Any:
    assert run.wait() == "interrupted"
    (question,) = run.interrupts
    return question


def test_each_entry_is_asked_about(saver: BaseCheckpointSaver) -> None:
    run = nbflow.review(
        [{"name": "a", "size": 3}, "b.txt"], Verdict, question="Keep it?", checkpointer=saver
    )
    assert _next(run).value == {"question": "Keep it? (1 of 2)", "name": "a", "size": 3}
    with pytest.raises(InvalidAnswerError):
        run.resume({"keep": "perhaps"})
    run.resume({"keep": True})
    assert _next(run).value == {"question": "Keep it? (2 of 2)", "entry": "b.txt"}
    run.resume({"keep": False, "why": "old"})
    assert run.result() == [Verdict(keep=True), Verdict(keep=False, why="old")]


def test_the_same_call_goes_on_where_the_review_stopped(tmp_path: Path) -> None:
    kept, items = tmp_path / "reviews.sqlite", [f"{n}.txt" for n in range(20)]
    for n in range(20):
        run = nbflow.review(items, bool, checkpointer=SqliteSaver(kept))
        assert _next(run).value["entry"] == f"{n}.txt"
        run.resume(n % 2 == 0)
        run.wait()
    again = nbflow.review(items, bool, checkpointer=kept)
    assert again.result() == [n % 2 == 0 for n in range(20)]


def test_other_entries_and_other_questions_are_other_reviews(saver: BaseCheckpointSaver) -> None:
    def thread(*args: Any, **options: Any) -> Any:
        return nbflow.review(*args, checkpointer=saver, **options).thread_id

    names = {
        thread(["a"]), thread(["b"]), thread(["a"], question="Why?"), thread(["a"], thread_id="x"),
    }  # fmt: skip
    assert len(names) == 4 and "x" in names
    assert thread(["a"]) in names


def test_a_mapping_may_ask_for_itself(saver: BaseCheckpointSaver) -> None:
    run = nbflow.review([{"question": "Tea?", "pot": 1}], Literal["yes", "no"], checkpointer=saver)
    assert _next(run).value == {"question": "Tea?", "pot": 1}


def test_what_cannot_be_reviewed_is_refused(saver: BaseCheckpointSaver) -> None:
    with pytest.raises(EmptyInputError, match="nothing to review"):
        nbflow.review([], checkpointer=saver)
    with pytest.raises(NotSerializableError):
        nbflow.review([object()], checkpointer=saver)
    assert saver.list_threads() == []
