"""Which executor runs a task, what is refused, and what is peculiar to processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import pytest

from nbflow._engine import lines
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import DeclarationError, InvalidConfigError
from nbflow.executors import NotSendableError
from nbflow.func import entrypoint, task
from nbflow.types import RetryPolicy
from tests.executors import bodies
from tests.executors.pools import process_pool
from tests.unit.drive import kinds_of, on_thread

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[2]


def _named(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix=name)


# -- which ----------------------------------------------------------------------------------------


def test_the_tasks_own_comes_before_the_runs_and_that_before_the_entrypoints() -> None:
    with _named("task") as of_task, _named("run") as of_run, _named("flow") as of_entrypoint:
        own = task(executor=of_task)(bodies.where.func)

        @entrypoint(executor=of_entrypoint)
        def workflow(_: int) -> list[str]:
            found = [own().result()[1], bodies.where().result()[1]]
            return [name.split("_")[0] for name in found]

        assert workflow.invoke(1) == ["task", "flow"]
        assert workflow.invoke(1, {"executor": of_run}) == ["task", "run"]


def test_a_nested_workflow_has_its_own_or_its_callers() -> None:
    with _named("inner") as of_inner, _named("outer") as of_outer, _named("call") as of_call:

        def body(_: int) -> str:
            return bodies.where().result()[1].split("_")[0]

        with_own, without = entrypoint(executor=of_inner)(body), entrypoint()(body)

        @entrypoint(executor=of_outer)
        def workflow(_: int) -> list[str]:
            return [
                with_own.invoke(1),
                without.invoke(1),
                without.invoke(1, {"executor": of_call}),
                body(1),
            ]

        @entrypoint()
        def plain(_: int) -> list[str]:
            return [with_own.invoke(1), body(1).split("-")[0]]

        assert workflow.invoke(1) == ["inner", "outer", "call", "outer"]
        assert plain.invoke(1)[0] == "inner"


def test_async_tasks_and_the_entrypoint_stay() -> None:
    with _named("theirs") as pool:

        @task
        async def here(_: int) -> str:
            return threading.current_thread().name

        @entrypoint(executor=pool)
        async def workflow(n: int) -> list[str]:
            there = (await bodies.where())[1]
            return [threading.current_thread().name, await here(n), there.split("_")[0]]

        mine, tasks, theirs = workflow.invoke(1)
    assert mine == tasks and not mine.startswith("theirs") and theirs == "theirs"


def test_an_async_task_is_refused_at_once() -> None:
    async def wait(n: int) -> int:
        return n

    with _named("theirs") as pool, pytest.raises(DeclarationError, match="Make it a plain"):
        task(executor=pool)(wait)


@pytest.mark.parametrize("wrong", ["threads", 4, ThreadPoolExecutor])
def test_what_is_no_executor_is_refused(wrong: Any) -> None:
    with pytest.raises(DeclarationError, match=r"no concurrent\.futures\.Executor"):
        task(executor=wrong)(bodies.square.func)
    with pytest.raises(DeclarationError, match=r"no concurrent\.futures\.Executor"):
        entrypoint(executor=wrong)(bodies.square.func)
    with pytest.raises(InvalidConfigError, match=r"no concurrent\.futures\.Executor"):
        bodies.with_a_thread.invoke(1, on_thread("1", executor=wrong))


# -- processes ------------------------------------------------------------------------------------


def test_what_cannot_be_sent_says_which_part(processes: Executor) -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def workflow(call: Any) -> Any:
        return bodies.square(*call.get("args", ()), **call.get("kwargs", {})).result()

    def refused(call: Any, config: dict[str, Any], **options: Any) -> str:
        with pytest.raises(NotSendableError) as found:
            unkept.invoke(call, {"executor": processes, **config}, **options)
        return str(found.value)

    unkept = entrypoint()(workflow.__wrapped__)
    lock = threading.Lock()
    assert "its argument 1 cannot be pickled" in refused({"args": (lock,)}, {})
    assert "its argument 'n' cannot be pickled" in refused({"kwargs": {"n": lock}}, {})
    secret = {"configurable": {"lock": lock}}
    assert "config['configurable'] cannot be pickled" in refused({"args": (1,)}, secret)
    assert "the context= of the run" in refused({"args": (1,)}, {}, context=lock)


def test_a_function_that_cannot_be_sent_is_refused(processes: Executor) -> None:
    lock = threading.Lock()

    @task
    def holds() -> bool:
        return lock.locked()

    @entrypoint()
    def workflow(_: int) -> bool:
        return holds().result()

    with pytest.raises(NotSendableError, match="its function cannot be pickled"):
        workflow.invoke(1, {"executor": processes})


def test_a_result_that_cannot_be_sent_back(processes: Executor) -> None:
    @entrypoint()
    def workflow(_: int) -> Any:
        return bodies.returns_a_lock().result()

    with pytest.raises(NotSendableError, match="result of task 'returns_a_lock'"):
        workflow.invoke(1, {"executor": processes})


def test_a_lost_process_fails_its_task(tmp_path: Path) -> None:
    saver, folder = InMemorySaver(), str(tmp_path)

    @entrypoint(checkpointer=saver)
    def workflow(times: int) -> int:
        return bodies.dies(folder, times).result()

    with process_pool() as pool, pytest.raises(BrokenExecutor) as lost:
        workflow.invoke(1, on_thread("1", executor=pool))
    assert "could not bring task 'dies' to its end" in lost.value.__notes__[0]
    with process_pool() as pool:
        assert workflow.invoke(None, on_thread("1", executor=pool)) == 1
    assert kinds_of(saver, "dies") == ["error", "void", "result"]


def test_a_policy_matches_a_lost_process(tmp_path: Path) -> None:
    """The broken pool stays so: the attempts are made, and the last failure tells."""
    policy = RetryPolicy(max_attempts=3, initial_interval=0, jitter=False, retry_on=BrokenExecutor)
    dies = task(retry_policy=policy)(bodies.dies.func)

    @entrypoint()
    def workflow(folder: str) -> Any:
        return dies(folder, 1).result()

    with process_pool() as pool, pytest.raises(BrokenExecutor) as lost:
        workflow.invoke(str(tmp_path), {"executor": pool})
    assert any("attempt 3" in note for note in lost.value.__notes__)


def test_a_shutdown_that_cancels_fails_the_task(tmp_path: Path) -> None:
    pool, folder = ThreadPoolExecutor(1), str(tmp_path)

    @entrypoint(executor=pool)
    def workflow(_: int) -> int:
        bodies.begins_and_waits(folder, 0)
        last = bodies.begins_and_waits(folder, 1)
        bodies.until(tmp_path / "begun-0")
        pool.shutdown(wait=False, cancel_futures=True)
        (tmp_path / "open").touch()
        return last.result()

    with pytest.raises(BrokenExecutor, match="gave the task up"):
        workflow.invoke(1)


def test_a_run_that_is_cancelled_while_it_sends_ends() -> None:
    begun = threading.Event()

    class Cancels(Executor):
        """Has the run cancelled in the moment in which it takes a task, and never begins that."""

        def submit(self, *_: Any, **__: Any) -> Any:
            begun.wait(timeout=60)
            run.cancel()
            return Future()

    @entrypoint(checkpointer=InMemorySaver(), executor=Cancels())
    def workflow(n: int) -> int:
        return bodies.square(n).result()

    run = workflow.start(2, thread_id="1")
    begun.set()
    assert run.wait(timeout=60) == "cancelled"


_ASKS = """
import sys
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import Command, interrupt
from tests.executors import bodies
from tests.executors.pools import process_pool

folder, answer = sys.argv[1], sys.argv[2:]

@entrypoint(checkpointer=SqliteSaver(folder + "/runs.sqlite"))
def workflow(count):
    first = [f.result() for f in [bodies.square_once(folder, n) for n in range(count)]]
    add = interrupt(sum(first))
    return bodies.square_once(folder, add).result()

if __name__ == "__main__":
    with process_pool() as pool:
        config = {"configurable": {"thread_id": "1"}, "executor": pool}
        print(workflow.invoke(Command(resume=int(answer[0])) if answer else 4, config))
"""


def _run(code: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(code)
    return subprocess.run(
        [sys.executable, "-W", "error", str(script), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_after_a_restart_nothing_runs_again(tmp_path: Path) -> None:
    asked = _run(_ASKS, tmp_path, str(tmp_path))
    assert (asked.returncode, "__interrupt__" in asked.stdout) == (0, True), asked.stderr

    ended = _run(_ASKS, tmp_path, str(tmp_path), "7")
    assert (ended.returncode, ended.stdout) == (0, "49\n"), ended.stderr
    ran = {path.name: len(path.read_text()) for path in tmp_path.glob("square-*")}
    assert ran == {f"square-{n}": 1 for n in (0, 1, 2, 3, 7)}


_INTERRUPTED = """
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.func import entrypoint, task
from tests.executors import bodies

folder = sys.argv[1]

@task
def stops_the_kernel():
    if bodies.mark(folder, "tried") == 1:
        os.kill(os.getpid(), signal.SIGINT)
        bodies.until(folder + "/open")
    return "done"

@entrypoint(checkpointer=InMemorySaver())
def workflow(_):
    return stops_the_kernel().result()

with ThreadPoolExecutor(1) as pool:
    config = {"configurable": {"thread_id": "1"}, "executor": pool}
    try:
        workflow.invoke(1, config)
    except KeyboardInterrupt:
        print("stopped", workflow.get_state(config).status)
    Path(folder, "open").touch()
    print(workflow.invoke(None, config))
"""


def test_ctrl_c_does_not_wait_for_the_executor(tmp_path: Path) -> None:
    ran = _run(_INTERRUPTED, tmp_path, str(tmp_path))

    assert (ran.returncode, ran.stdout) == (0, "stopped cancelled\ndone\n"), ran.stderr


_BY_NAME = """
import sys
sys.modules["cloudpickle"] = None  # as where it is not installed
from nbflow.executors import NotSendableError
from nbflow.func import entrypoint, task
from tests.executors import bodies
from tests.executors.pools import process_pool

@task
def triple(n):
    return 3 * n

@entrypoint()
def workflow(n):
    @task
    def inner():
        return n
    try:
        inner().result()
    except NotSendableError as refused:
        return bodies.square(n).result(), triple(n).result(), str(refused)

if __name__ == "__main__":
    with process_pool() as pool:
        print(workflow.invoke(5, {"executor": pool}))
"""


def test_without_cloudpickle_functions_go_by_name(tmp_path: Path) -> None:
    code = _BY_NAME
    ran = _run(code, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("(25, 15, \"Task 'inner' cannot be sent")
    assert "at the top level of a module" in ran.stdout


def test_the_address_of_lines_is_this_machines_and_needs_the_key(processes: Executor) -> None:
    @entrypoint()
    def workflow(n: int) -> int:
        return bodies.square(n).result()

    workflow.invoke(2, {"executor": processes})
    listener = lines._exchange._listener
    assert listener is not None
    host, _port = address = listener.address
    assert host == "127.0.0.1"
    with pytest.raises(AuthenticationError):
        Client(address, authkey=b"guessed")


def test_nothing_is_left_of_what_was_sent(processes: Executor) -> None:
    @entrypoint()
    def workflow(count: int) -> int:
        return sum(f.result() for f in [bodies.square(n) for n in range(count)])

    assert workflow.invoke(20, {"executor": processes}) == sum(n * n for n in range(20))
    assert lines._exchange._ears == {}


def test_what_runs_at_most_once_is_on_record_before_it_is_sent() -> None:
    saver = InMemorySaver()
    seen: list[list[str]] = []

    @task(at_most_once=True)
    def pay(amount: int) -> int:
        (run,) = saver.list_runs("1")
        seen.append([op.kind for op in saver.get_ops(run.id)])
        return amount

    @entrypoint(checkpointer=saver)
    def shop(amount: int) -> int:
        return pay(amount).result()

    with ThreadPoolExecutor() as pool:
        config = {"configurable": {"thread_id": "1"}, "executor": pool}
        assert shop.invoke(7, config) == 7
    assert seen == [["start"]]
