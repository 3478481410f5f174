"""What tasks print in a notebook is in the cell as before, and with its task in the run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.notebook.kernel import Kernel, kernel

pytestmark = pytest.mark.timeout(120)

PROGRAM = """
%load_ext nbflow
import asyncio, contextlib, io, json, sys
from nbflow.events import Printed, TaskStarted
from nbflow.func import entrypoint, task

@task
def count(name, times):
    for n in range(times):
        print(name, n)
    print(f"{name} failed?", file=sys.stderr)
    with contextlib.redirect_stdout(io.StringIO()):
        print("nobody sees this")
    print("end", end="")

@entrypoint()
def both(times):
    print("both begins")
    for one in (count("a", times), count("b", times)):
        one.result()

@task
async def count_async(name, times):
    for n in range(times):
        print(name, end=" ")
        await asyncio.sleep(0)
        print(n)

@entrypoint()
async def both_async(times):
    await asyncio.gather(count_async("a", times), count_async("b", times))

def printed(run):
    said = {}
    for event in run.events():
        if isinstance(event, TaskStarted):
            said[event.id] = []
        elif isinstance(event, Printed):
            said.setdefault(event.task, []).append([event.stream, event.text])
    return json.dumps([said.pop(None, None), *said.values()])
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Kernel]:
    """A page on one kernel that has the program."""
    with kernel() as one:
        one.run(PROGRAM).finish()
        yield one


def of(name: str, times: int) -> list[list[str]]:
    lines = [["stdout", f"{name} {n}\n"] for n in range(times)]
    return [*lines, ["stderr", f"{name} failed?\n"], ["stdout", "end"]]


def test_prints_are_in_the_cell_and_with_their_task(page: Kernel) -> None:
    cell = page.run("run = both.start(2)\nrun.result()").finish()
    page.wait_for(lambda: cell.printed.count("end") == 2)
    said = page.run("print(printed(run))").finish().printed

    for line in ("a 0", "a 1", "a failed?", "b 0", "b 1", "b failed?", "both begins"):
        assert cell.printed.count(line) == 1  # two threads write: where a line ends is open
    assert cell.printed.count("\n") == 7
    [of_the_run, *of_the_tasks] = json.loads(said)
    assert of_the_run == [["stdout", "both begins\n"]]
    assert sorted(of_the_tasks) == [of("a", 2), of("b", 2)]  # either may begin first


def test_tasks_on_one_event_loop_are_told_apart(page: Kernel) -> None:
    page.run("run = both_async.start(3)\nawait run").finish()
    said = json.loads(page.run("print(printed(run))").finish().printed)

    assert said == [None, *([["stdout", f"{name} {n}\n"] for n in range(3)] for name in "ab")]


def test_a_run_that_goes_on_after_its_cell_is_heard(page: Kernel) -> None:
    page.run("run = both.start(200)").finish()
    page.run("run.result()").finish()
    said = json.loads(page.run("print(printed(run))").finish().printed)

    assert sorted(said[1:]) == [of("a", 200), of("b", 200)]


def test_the_streams_are_the_kernels_own(page: Kernel) -> None:
    look = "print(type(sys.stdout).__name__, sys.stdout.echo is None)"

    assert page.run(look).finish().printed == "OutStream False\n"
    page.run("%unload_ext nbflow").finish()
    assert page.run(look).finish().printed == "OutStream True\n"
    page.run("run = both.start(1)\nrun.result()").finish()
    assert page.run("print(printed(run))").finish().printed == "[null, [], []]\n"
    page.run("%reload_ext nbflow").finish()
    assert page.run(look).finish().printed == "OutStream False\n"
