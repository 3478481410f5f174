"""Beyond LangGraph: what a run has done, and branches after any of it. Numbers 141, 155, 81."""

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import ThreadBusyError, UnknownInterruptError, UnknownOpError
from nbflow.func import entrypoint, task
from nbflow.identity import responder
from nbflow.types import Command, OpSnapshot, interrupt
from tests.unit.drive import HEX, Config, Drive, on_thread


def reviewed(saver: BaseCheckpointSaver, ran: list[str]) -> Any:
    """Two tasks, a question, a task."""

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name.upper()

    @entrypoint(checkpointer=saver)
    def workflow(start: str) -> Any:
        first, second = step(start).result(), step("b").result()
        answer = interrupt({"ok?": first})
        return [first, second, answer, step("c").result()]

    return workflow


def test_ops_and_status_from_start_to_end(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """141: a running, a waiting and a finished run do not look alike."""
    workflow = reviewed(saver, [])
    drive.invoke(workflow, "a", config)

    waiting = drive.state(workflow, config)
    assert waiting.status == "interrupted"
    assert [(op.kind, op.name, op.status, op.value) for op in waiting.ops] == [
        ("task", "step", "done", "A"),
        ("task", "step", "done", "B"),
        ("question", None, "open", {"ok?": "A"}),
    ]
    assert waiting.ops[2].id == waiting.interrupts[0].id
    drive.invoke(workflow, Command(resume="yes"), config)

    done, opening = drive.history(workflow, config)
    assert (done.status, list(done.ops)) == ("done", [])
    assert opening.status == "done"
    assert opening.ops[2] == OpSnapshot(
        id=HEX, kind="question", name=None, parent=None, status="answered", value={"ok?": "A"},
        answer="yes", answered_by=responder().name, site=opening.ops[2].site, key=HEX,
    )  # fmt: skip
    assert opening.ops[2].site.startswith("test_semantics_forks.py:")


def test_status_of_a_failed_run_and_of_one_left_for_another(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """141"""

    @task
    def bad() -> None:
        raise ValueError("no")

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        bad().result()

    with pytest.raises(ValueError, match="no"):
        drive.invoke(workflow, 1, config)
    failed = drive.state(workflow, config)
    assert (failed.status, failed.ops[0].status) == ("error", "started")
    with pytest.raises(ValueError, match="no"):
        drive.invoke(workflow, 2, config)

    assert [s.status for s in drive.history(workflow, config)] == ["error", "error"]


def test_status_while_it_runs(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """141"""
    seen: list[Any] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        seen.append(workflow.get_state(config).status)

    drive.invoke(workflow, 1, config)
    assert seen == ["running"]


def test_fork_after_a_task(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """155: what came before is kept, what came after runs again."""
    ran: list[str] = []
    workflow = reviewed(saver, ran)
    drive.invoke(workflow, "a", config)
    drive.invoke(workflow, Command(resume="yes"), config)
    first = drive.history(workflow, config)[1].ops[0]
    ran.clear()

    fork = workflow.fork(config, after=first.id)

    assert workflow.get_state(fork).status == "ready"
    asked = drive.invoke(workflow, None, fork)
    assert (asked["__interrupt__"][0].value, ran) == ({"ok?": "A"}, ["b"])
    assert drive.invoke(workflow, Command(resume="no"), config) == ["A", "B", "no", "C"]
    sources = [(s.metadata or {})["source"] for s in drive.history(workflow, config)]
    assert sources == ["loop", "fork", "loop", "input"]


def test_fork_before_an_answer_to_answer_differently(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """155, 116: an answer sent to the old checkpoint is refused; on a fork it counts."""
    ran: list[str] = []
    workflow = reviewed(saver, ran)
    question = drive.invoke(workflow, "a", config)["__interrupt__"][0]
    opening = drive.state(workflow, config).config
    drive.invoke(workflow, Command(resume="yes"), config)
    ran.clear()
    with pytest.raises(UnknownInterruptError, match=r"workflow\.fork"):
        drive.invoke(workflow, Command(resume="no"), opening)

    fork = workflow.fork(opening, before=question.id)

    assert workflow.get_state(config).status == "interrupted"
    assert drive.invoke(workflow, Command(resume="no"), fork) == ["A", "B", "no", "C"]
    assert ran == ["c"]


def test_fork_before_a_question_that_nobody_answered(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """116, 82: a question that a new input dropped is open again on the fork."""

    @task
    def ask(name: str) -> Any:
        return interrupt(name)

    @entrypoint(checkpointer=saver)
    def workflow(names: list[str]) -> Any:
        return [future.result() for future in [ask(name) for name in names]]

    first, second = drive.invoke(workflow, ["a", "b"], config)["__interrupt__"]
    opening = drive.state(workflow, config).config
    with pytest.warns(UserWarning, match="open questions are dropped"):
        drive.invoke(workflow, [], config)
    with pytest.raises(UnknownInterruptError, match=r"workflow\.fork"):
        drive.invoke(workflow, Command(resume={first.id: "A"}), opening)

    fork = workflow.fork(opening, before=first.id)

    state = drive.state(workflow, fork)
    asked = sorted(str(q.value) for q in state.interrupts)
    assert (state.status, asked) == ("interrupted", ["a", "b"])
    answers = {q.id: q.value.upper() for q in state.interrupts}
    assert drive.invoke(workflow, Command(resume=answers), fork) == ["A", "B"]
    assert {first.id, second.id}.isdisjoint(answers)


def test_fork_of_a_fork_keeps_both_pasts(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """155"""
    ran: list[str] = []
    workflow = reviewed(saver, ran)
    drive.invoke(workflow, "a", config)
    workflow.fork(config, after=drive.state(workflow, config).ops[0].id)
    drive.invoke(workflow, None, config)
    again = workflow.fork(config, after=drive.state(workflow, config).ops[1].id)
    ran.clear()

    drive.invoke(workflow, None, again)

    assert ran == []
    assert drive.invoke(workflow, Command(resume=1), config) == ["A", "B", 1, "C"]


def test_fork_of_everything_runs_edited_code_with_what_is_there(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """155, 81: results that the new code has no use for are named."""
    ran: list[str] = []
    drive.invoke(reviewed(saver, ran), "a", config)

    @task
    def step(name: str) -> str:
        raise AssertionError("it is on record")

    @entrypoint(checkpointer=saver)
    def workflow(start: str) -> str:
        return step(start).result() + "!"

    fork = workflow.fork(config)
    with pytest.warns(UserWarning, match=r"2 recorded calls|1 recorded calls"):
        assert drive.invoke(workflow, None, fork) == "A!"


@pytest.mark.parametrize(("which", "says"), [("after", "no outcome"), ("before", "not one of")])
def test_fork_at_an_op_that_is_not_there(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, which: str, says: str
) -> None:
    """155: refused, and nothing is stored."""
    workflow = reviewed(saver, [])
    drive.invoke(workflow, "a", config)
    wanted = drive.state(workflow, config).ops[2].id if which == "after" else "f" * 32

    with pytest.raises(UnknownOpError, match=says):
        workflow.fork(config, **{which: wanted})
    assert len(drive.history(workflow, config)) == 1


def test_fork_at_two_ops(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """155: a run cannot end at both; nothing is stored."""
    workflow = reviewed(saver, [])
    drive.invoke(workflow, "a", config)
    first, second = drive.state(workflow, config).ops[:2]

    with pytest.raises(ValueError, match="after= and before="):
        workflow.fork(config, after=first.id, before=second.id)
    assert len(drive.history(workflow, config)) == 1


def test_fork_of_a_running_thread_is_refused(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """155"""
    refused: list[str] = []

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> None:
        try:
            workflow.fork(config)
        except ThreadBusyError as exc:
            refused.append(str(exc))

    drive.invoke(workflow, 1, config)
    assert len(refused) == 1


def test_resumed_by_changed_code_is_seen_in_the_events(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """81"""
    drive.invoke(reviewed(saver, []), "a", config)

    @task
    def step(name: str) -> str:
        return name + " anew"

    @entrypoint(checkpointer=saver)
    def workflow(start: str) -> Any:
        first, second = step(start).result(), step("b").result()
        return [first, second, interrupt({"ok?": first})]

    report = workflow.replay_report("some_thread_id")
    assert report.code_changed
    assert [call.name for call in report.reused] == ["step", "step"]
    assert [str(call).split(" at ")[0] for call in report.run] == []
    assert (report.orphaned, report.unreached, report.divergence) == ((), (), None)
    assert drive.invoke(workflow, Command(resume="!"), config) == ["A", "B", "!"]


def test_replay_report_says_what_runs_and_what_is_left(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """155: before going on, without running a task."""
    ran: list[str] = []
    reviewed(saver, ran).invoke("a", config)
    ran.clear()
    (run,) = saver.list_runs("some_thread_id")
    recorded = saver.get_ops(run.id)

    @task
    def step(name: str) -> str:
        ran.append(name)
        return name

    @entrypoint(checkpointer=saver)
    def workflow(start: str) -> Any:
        return [step(start).result(), step("new").result(), step("b").result()]

    report = workflow.replay_report("some_thread_id")

    assert ran == []
    assert [call.name for call in report.reused] == ["step"]
    assert [call.name for call in report.run] == ["step"]
    assert [call.name for call in report.unreached] == ["step"]
    assert (report.orphaned, report.returns) == ((), False)
    assert str(report).splitlines()[0] == "code changed"
    assert len(saver.get_ops(run.id)) == len(recorded)


def test_replay_report_of_code_that_something_outside_changes(
    saver: BaseCheckpointSaver, config: Config
) -> None:
    """155, 71"""
    order = ["a", "b"]

    @task
    def step(name: str) -> str:
        return name

    @entrypoint(checkpointer=saver)
    def workflow(start: str) -> Any:
        return [step(name).result() for name in order] + [interrupt("?")]

    workflow.invoke("x", config)
    assert workflow.replay_report("some_thread_id").divergence is None
    order[0] = "z"

    divergence = workflow.replay_report("some_thread_id").divergence
    assert divergence is not None and "The code is unchanged" in divergence


def test_a_fork_leaves_the_old_record_as_it_was(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """148: the record of the old branch stays as it was."""
    workflow = reviewed(saver, [])
    drive.invoke(workflow, "a", config)
    old = saver.list_runs("some_thread_id")[0].id
    before = [op.kind for op in saver.get_ops(old)]

    workflow.fork(config, after=drive.state(workflow, config).ops[0].id)
    drive.invoke(workflow, None, on_thread("some_thread_id"))

    assert [op.kind for op in saver.get_ops(old)] == before
