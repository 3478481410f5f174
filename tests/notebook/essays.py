"""A workflow that asks about an essay, and a cell that waits for the answer."""

from __future__ import annotations

from tests.notebook.kernel import Cell, Kernel

__all__ = ["PROGRAM", "check_that_the_form_works", "start"]

PROGRAM = """
%load_ext nbflow
import threading, ipywidgets
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

@task
def write(topic):
    return f"An essay about {topic}"

@entrypoint(checkpointer=InMemorySaver())
def essay(topic):
    text = write(topic).result()
    return text, interrupt({"question": "Good?", "essay": text}, response_schema=str)

@entrypoint(checkpointer=InMemorySaver())
async def essay_async(topic):
    text = await write(topic)
    return text, interrupt({"question": "Good?", "essay": text}, response_schema=str)
"""


def start(page: Kernel, thread_id: str, workflow: str = "essay") -> tuple[Cell, str]:
    """Show a run in a cell of its own; returns the cell and the widget's id."""
    cell = page.run(f"run = {workflow}.start('cats', thread_id={thread_id!r})\nrun").finish()
    return cell, cell.widget()


def check_that_the_form_works(page: Kernel, thread_id: str, workflow: str, wait: str) -> None:
    """A cell waits; meanwhile the form refuses a wrong answer and takes a right one."""
    _, widget = start(page, thread_id, workflow)
    waiting = page.run(f"print({wait})")
    following = page.run("print('the next cell')")
    form = page.question(widget)
    wrong = page.submit(widget, form, 7)
    sent = page.submit(widget, form, "Splendid.")

    assert waiting.finish().printed == "('An essay about cats', 'Splendid.')\n"
    assert following.finish().printed == "the next cell\n"
    assert [r["status"] for r in page.replies(widget, "receipt")] == ["invalid", "accepted"]
    assert wrong.settle().states == sent.settle().states == ["busy", "idle"]
    assert waiting.states[0] == "busy"
    assert waiting.states[-1] == "idle"
    assert waiting.states.count("idle") == 1
