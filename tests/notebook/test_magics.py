"""``%nbflow`` and ``%%nbflow`` in a real kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.notebook.kernel import Kernel, kernel

pytestmark = pytest.mark.timeout(120)

PROGRAM = """
%load_ext nbflow
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

@entrypoint(checkpointer=SqliteSaver(":memory:"))
def essay(topic: str) -> str:
    return topic + interrupt({"question": "Good?"}, response_schema=str)
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Kernel]:
    """A page on one kernel that has the program."""
    with kernel() as one:
        one.run(PROGRAM).finish()
        yield one


def _results(page: Kernel, code: str) -> list[dict[str, str]]:
    cell = page.run(code).finish()
    return [m["content"]["data"] for m in cell.messages if m["msg_type"] == "execute_result"]


def test_a_cell_starts_a_run_that_a_line_opens_again(page: Kernel) -> None:
    begun = page.run("%%nbflow essay --thread tea\nGreen or black?").finish()
    widget = begun.widget()
    opened = page.run("run = %nbflow open tea\nrun").finish()
    form = page.question(widget)
    page.submit(widget, form, " Both.")

    assert opened.widget() == widget
    assert page.run("print(run.result())").finish().printed == "Green or black? Both.\n"
    (listed,) = _results(page, "%nbflow threads")
    assert "✓ tea  essay, done" in listed["text/plain"]
    assert "<table" in listed["text/html"] and "tea" in listed["text/html"]
    (answers,) = _results(page, "%nbflow audit tea")
    assert "Both." in answers["text/plain"]
    (history,) = _results(page, "%nbflow history tea")
    assert "loop" in history["text/plain"]


def test_a_wrong_line_is_an_error_with_its_remedy_and_no_traceback(page: Kernel) -> None:
    cell = page.run("%nbflow open nowhere").settle()

    assert "There is no thread 'nowhere' here. %nbflow threads lists them." in cell.printed
    assert "Traceback" not in cell.printed
    reply = page.reply_to(cell)["content"]
    assert (reply["status"], reply["ename"]) == ("error", "UsageError")


def test_help_is_in_the_magic_itself(page: Kernel) -> None:
    help_ = page.reply_to(page.run("%nbflow?").finish())["content"]["payload"][0]["data"]

    assert "%nbflow threads" in help_["text/plain"]
    assert "%nbflow threads" in page.run("%nbflow").finish().printed


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("%nbflow th", {"threads"}),
        ("%nbflow ", {"threads", "open", "export"}),
        ("%nbflow threads --of es", {"essay"}),
        ("%%nbflow es", {"essay"}),
    ],
)
def test_tab_offers_what_can_stand_next(page: Kernel, line: str, words: set[str]) -> None:
    request = page.send("complete_request", {"code": line, "cursor_pos": len(line)})
    matches = page.reply_to(request)["content"]["matches"]

    assert words <= {match.rpartition(" ")[2] for match in matches}


def test_unloading_takes_the_magics_away(page: Kernel) -> None:
    page.run("%unload_ext nbflow").finish()
    gone = page.run("%nbflow threads").settle()
    page.run("%load_ext nbflow").finish()

    assert "not found" in gone.printed
    (listed,) = _results(page, "%nbflow threads")
    assert "thread" in listed["text/plain"]
