"""The seed documents' programs that ask a person: write, review, finish.

``time.sleep`` of the documents stands for slow work; here the tasks count their executions.
"""

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver, MemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, Interrupt, interrupt
from tests.unit.drive import HEX, Config, Drive


def test_review_workflow(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """001: compose an essay, ask for a review, stream both halves."""
    composed: list[str] = []

    @task
    def compose_essay(topic: str) -> str:
        composed.append(topic)
        return f"An essay about {topic}"

    @entrypoint(checkpointer=saver)
    def review_workflow(topic: str) -> dict[str, Any]:
        """Manages the workflow for generating and reviewing an essay."""
        essay_future = compose_essay(topic)
        essay = essay_future.result()
        human_review = interrupt({"question": "Please provide a review", "essay": essay})
        return {
            "essay": essay,
            "review": human_review,
        }

    question = {"question": "Please provide a review", "essay": "An essay about cats"}
    assert drive.stream(review_workflow, "cats", config) == [
        {"compose_essay": "An essay about cats"},
        {"__interrupt__": (Interrupt(value=question, id=HEX),)},
    ]
    human_review = "This essay is great."
    assert drive.stream(review_workflow, Command(resume=human_review), config) == [
        {"review_workflow": {"essay": "An essay about cats", "review": "This essay is great."}}
    ]
    assert composed == ["cats"]


@pytest.mark.parametrize("human_review", [True, False])
def test_write_essay(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, human_review: bool
) -> None:
    """002: both essay programs and the resumption; the document prints each chunk."""
    written: list[str] = []

    @task
    def write_essay(topic: str) -> str:
        """Write an essay about the given topic."""
        written.append(topic)
        return f"An essay about topic: {topic}"

    @entrypoint(checkpointer=saver)
    def workflow(topic: str) -> dict[str, Any]:
        """A simple workflow that writes an essay and asks for a review."""
        essay = write_essay("cat").result()
        is_approved = interrupt({"essay": essay, "action": "Please approve/reject the essay"})
        return {
            "essay": essay,
            "is_approved": is_approved,
        }

    question = {"essay": "An essay about topic: cat", "action": "Please approve/reject the essay"}
    assert drive.stream(workflow, "cat", config) == [
        {"write_essay": "An essay about topic: cat"},
        {"__interrupt__": (Interrupt(value=question, id=HEX),)},
    ]
    assert drive.stream(workflow, Command(resume=human_review), config) == [
        {"workflow": {"essay": "An essay about topic: cat", "is_approved": human_review}}
    ]
    assert written == ["cat"]


def test_review_flow(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: draft, ask for an edit, resume."""

    @task
    def draft(topic: str) -> str:
        return f"Essay about {topic}"

    @entrypoint(checkpointer=saver)
    def review_flow(topic: str) -> dict[str, Any]:
        essay = draft(topic).result()
        edit = interrupt({"question": "Edit this?", "essay": essay})
        return {"essay": essay, "edit": edit}

    question = {"question": "Edit this?", "essay": "Essay about cats"}
    assert drive.stream(review_flow, "cats", config) == [
        {"draft": "Essay about cats"},
        {"__interrupt__": (Interrupt(value=question, id=HEX),)},
    ]
    waiting = drive.state(review_flow, config)
    assert waiting.next == ("review_flow",)
    assert waiting.interrupts == (Interrupt(value=question, id=HEX),)
    assert drive.stream(review_flow, Command(resume="Shorter, please."), config) == [
        {"review_flow": {"essay": "Essay about cats", "edit": "Shorter, please."}}
    ]
    assert drive.state(review_flow, config).next == ()


def test_assisted_write(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: tasks before and after the question."""
    ran: list[str] = []

    @task
    def draft(topic: str) -> str:
        ran.append("draft")
        return f"draft on {topic}"

    @task
    def revise(text: str, corrections: str) -> str:
        ran.append("revise")
        return f"{text}, {corrections}"

    @entrypoint(checkpointer=saver)
    def assisted_write(topic: str) -> dict[str, str]:
        draft_text = draft(topic).result()
        corrections = interrupt({"draft": draft_text})
        final = revise(draft_text, corrections).result()
        return {"draft": draft_text, "final": final}

    assert drive.stream(assisted_write, "cats", config) == [
        {"draft": "draft on cats"},
        {"__interrupt__": (Interrupt(value={"draft": "draft on cats"}, id=HEX),)},
    ]
    assert drive.stream(assisted_write, Command(resume="corrected"), config) == [
        {"revise": "draft on cats, corrected"},
        {"assisted_write": {"draft": "draft on cats", "final": "draft on cats, corrected"}},
    ]
    assert ran == ["draft", "revise"]


def test_memory_saver_is_the_in_memory_saver() -> None:
    """001, 002: both names are imported."""
    assert MemorySaver is InMemorySaver


def test_interrupt_without_a_checkpointer_surfaces(drive: Drive) -> None:
    """003: a question without a checkpointer is shown, and cannot be answered."""

    @entrypoint()
    def assisted_write(topic: str) -> Any:
        return interrupt({"draft": topic})

    with pytest.warns(UserWarning, match="without a checkpointer"):
        paused = drive.invoke(assisted_write, "cats")
    assert paused == {"__interrupt__": [Interrupt(value={"draft": "cats"}, id=HEX)]}
    with pytest.raises(RuntimeError, match="checkpointer"):
        drive.invoke(assisted_write, Command(resume="x"))
