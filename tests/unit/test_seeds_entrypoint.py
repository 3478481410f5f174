"""The seed documents' programs about entrypoints: define, execute, resume, remember.

The documents are named by their first digits (000 to 004). Undefined names of the documents
(``some_input``, ``result``) get the plainest value.
"""

from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import RunnableConfig
from nbflow.func import entrypoint, task
from nbflow.store.base import BaseStore
from nbflow.store.memory import InMemoryStore
from nbflow.types import Command, Interrupt, StreamWriter, interrupt
from tests.unit.drive import HEX, Config, Drive


def test_definition_sync(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """000, 002: a sync entrypoint; 000, 002: invoke, ainvoke, stream, astream."""

    @entrypoint(checkpointer=saver)
    def my_workflow(some_input: dict[str, int]) -> int:
        result = some_input["a"] + 1
        return result

    assert drive.invoke(my_workflow, {"a": 1}, config) == 2
    assert drive.stream(my_workflow, {"a": 2}, config) == [{"my_workflow": 3}]


def test_definition_async(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """000, 002: an async entrypoint."""

    @entrypoint(checkpointer=saver)
    async def my_workflow(some_input: dict[str, int]) -> int:
        result = some_input["a"] + 1
        return result

    assert drive.invoke(my_workflow, {"a": 1}, config) == 2
    assert drive.stream(my_workflow, {"a": 2}, config) == [{"my_workflow": 3}]


def test_injectable_parameters(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """000, 002, 004: requesting previous, store, writer and config."""
    in_memory_store = InMemoryStore()

    @entrypoint(checkpointer=saver, store=in_memory_store)
    def my_workflow(
        some_input: dict[str, int],
        *,
        previous: Any = None,
        store: BaseStore,
        writer: StreamWriter,
        config: RunnableConfig,
    ) -> dict[str, Any]:
        writer({"input": some_input})
        store.put(("inputs",), "last", some_input)
        return {"previous": previous, "thread": config["configurable"]["thread_id"]}

    first = {"previous": None, "thread": "some_thread_id"}
    assert drive.stream(my_workflow, {"a": 1}, config, stream_mode=["custom", "updates"]) == [
        ("custom", {"input": {"a": 1}}),
        ("updates", {"my_workflow": first}),
    ]
    assert drive.invoke(my_workflow, {"a": 2}, config) == {
        "previous": first,
        "thread": "some_thread_id",
    }
    item = in_memory_store.get(("inputs",), "last")
    assert item is not None
    assert item.value == {"a": 2}


@pytest.mark.parametrize("some_resume_value", ["yes", {"approved": True}, 0])
def test_resume_by_invoke(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, some_resume_value: Any
) -> None:
    """000, 002: invoke and ainvoke with Command(resume=...)."""

    @entrypoint(checkpointer=saver)
    def my_workflow(some_input: str) -> list[Any]:
        return [some_input, interrupt("question")]

    assert drive.invoke(my_workflow, "in", config) == {
        "__interrupt__": [Interrupt(value="question", id=HEX)]
    }
    assert drive.invoke(my_workflow, Command(resume=some_resume_value), config) == [
        "in",
        some_resume_value,
    ]


def test_resume_by_stream(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """000, 002: stream and astream with Command(resume=...)."""

    @entrypoint(checkpointer=saver)
    async def my_workflow(some_input: str) -> list[Any]:
        return [some_input, interrupt("question")]

    assert drive.stream(my_workflow, "in", config) == [
        {"__interrupt__": (Interrupt(value="question", id=HEX),)}
    ]
    assert drive.stream(my_workflow, Command(resume="some"), config) == [
        {"my_workflow": ["in", "some"]}
    ]


def _flaky(saver: BaseCheckpointSaver) -> tuple[Any, list[str]]:
    done: list[str] = []

    @task
    def fetch(what: str) -> str:
        done.append("fetch")
        return what.upper()

    @task
    def upload(what: str) -> str:
        done.append("upload")
        if done.count("upload") == 1:
            raise ConnectionRefusedError("server down")
        return f"uploaded {what}"

    @entrypoint(checkpointer=saver)
    def my_workflow(some_input: str) -> str:
        return upload(fetch(some_input).result()).result()

    return my_workflow, done


def test_resume_after_an_error_by_invoke(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """000, 002: invoke(None) and ainvoke(None) continue after an error."""
    my_workflow, done = _flaky(saver)
    with pytest.raises(ConnectionRefusedError, match="server down"):
        drive.invoke(my_workflow, "a", config)
    assert drive.invoke(my_workflow, None, config) == "uploaded A"
    assert done == ["fetch", "upload", "upload"]


def test_resume_after_an_error_by_stream(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    """000, 002: stream(None) and astream(None) continue after an error."""
    my_workflow, done = _flaky(saver)
    chunks: list[Any] = []
    with pytest.raises(ConnectionRefusedError, match="server down"):
        drive.stream_into(chunks, my_workflow, "a", config)
    assert chunks == [{"fetch": "A"}]
    assert drive.stream(my_workflow, None, config) == [
        {"upload": "uploaded A"},
        {"my_workflow": "uploaded A"},
    ]
    assert done == ["fetch", "upload", "upload"]


def test_short_term_memory(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """000, 002, 004: previous is the last return value of the thread."""

    @entrypoint(checkpointer=saver)
    def my_workflow(number: int, *, previous: Any = None) -> int:
        previous = previous or 0
        return number + previous  # type: ignore[no-any-return]  # as documented

    assert drive.invoke(my_workflow, 1, config) == 1
    assert drive.invoke(my_workflow, 2, config) == 3
    assert drive.state(my_workflow, config).values == 3


def test_previous_return_value(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """001: previous as an ordinary parameter with a default."""

    @entrypoint(checkpointer=saver)
    def my_workflow(input_data: str, previous: str | None = None) -> str:
        return "world"

    assert drive.invoke(my_workflow, "hello", config) == "world"


def test_final(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """000, 001, 002: entrypoint.final saves another value than it returns."""

    @entrypoint(checkpointer=saver)
    def my_workflow(number: int, *, previous: Any = None) -> entrypoint.final[int, int]:
        previous = previous or 0
        return entrypoint.final(value=previous, save=2 * number)

    assert drive.invoke(my_workflow, 3, config) == 0
    assert drive.invoke(my_workflow, 1, config) == 6
    assert drive.state(my_workflow, config).values == 6


def test_counter(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: entrypoint.final three times in a row."""

    @entrypoint(checkpointer=saver)
    def counter(number: int, *, previous: Any = None) -> entrypoint.final[int, int]:
        previous = previous or 0
        return entrypoint.final(value=previous, save=2 * number)

    assert [drive.invoke(counter, n, config) for n in (3, 1, 7)] == [0, 6, 2]


def test_hit(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: a counter whose input has a default; any input but None is a new run."""

    @entrypoint(checkpointer=saver)
    def hit(inp: None = None, *, previous: int | None = None) -> entrypoint.final[int, int]:
        previous = previous or 0
        nxt = previous + 1
        return entrypoint.final(value=nxt, save=nxt)

    assert [drive.invoke(hit, {}, config) for _ in range(3)] == [1, 2, 3]
    assert drive.invoke(hit, None, config) == 3


def test_inputs_in_a_dictionary(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """004: a simple workflow that takes two values and returns nothing."""

    @entrypoint(checkpointer=saver)
    def my_workflow(inputs: dict[str, int]) -> None:
        value = inputs["value"]
        another_value = inputs["another_value"]
        assert (value, another_value) == (1, 2)

    assert drive.invoke(my_workflow, {"value": 1, "another_value": 2}, config) is None
    assert drive.stream(my_workflow, {"value": 1, "another_value": 2}, config) == [
        {"my_workflow": None}
    ]


def test_hints_for_every_option(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: an entrypoint with every keyword of the reference."""

    class Ctx:
        pass

    @entrypoint(
        checkpointer=saver,
        store=InMemoryStore(),
        cache=None,
        context_schema=Ctx,
        cache_policy=None,
        retry_policy=None,
    )
    def workflow(input_data: str) -> dict[str, str]:
        return {"got": input_data}

    assert drive.invoke(workflow, "x", config) == {"got": "x"}
