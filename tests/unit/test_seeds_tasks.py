"""The seed documents' programs about tasks: in a row, in parallel, retried, cached, streaming.

Where a document calls a remote model or server, a local function or a real server of this
process stands in.
"""

import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.config import get_config
from nbflow.errors import OutsideRunError
from nbflow.func import entrypoint, task
from nbflow.runtime import Runtime
from nbflow.store.memory import InMemoryStore
from nbflow.types import CachePolicy, RetryPolicy
from tests.unit.drive import Config, Drive


def test_slow_computation_sync(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """002, 004: a task's result waited for with result()."""

    @task()
    def slow_computation(input_value: int) -> int:
        result = input_value * 2
        return result

    @entrypoint(checkpointer=saver)
    def my_workflow(some_input: int) -> int:
        future = slow_computation(some_input)
        result = future.result()
        return result

    assert drive.stream(my_workflow, 4, config) == [{"slow_computation": 8}, {"my_workflow": 8}]


def test_slow_computation_async(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """002, 004: a sync task's result awaited in an async entrypoint, in both forms shown."""

    @task()
    def slow_computation(input_value: int) -> int:
        result = input_value * 2
        return result

    @entrypoint(checkpointer=saver)
    async def my_workflow(some_input: int) -> int:
        future = slow_computation(some_input)
        result = await future
        return result

    @entrypoint(checkpointer=saver)
    async def short(some_input: int) -> int:
        return await slow_computation(some_input)

    assert drive.stream(my_workflow, 4, config) == [{"slow_computation": 8}, {"my_workflow": 8}]
    assert drive.invoke(short, 5, {"configurable": {"thread_id": "short"}}) == 10


def test_task_outside_an_entrypoint_is_refused() -> None:
    """002, 003, 004: tasks cannot be called from the main application code."""

    @task()
    def slow_computation(input_value: int) -> int:
        return input_value

    with pytest.raises(OutsideRunError, match="@entrypoint"):
        slow_computation(1)


def test_even_or_odd(saver: BaseCheckpointSaver, drive: Drive) -> None:
    """004: two tasks in a row."""

    @task
    def is_even(number: int) -> bool:
        return number % 2 == 0

    @task
    def format_message(is_even: bool) -> str:
        return "The number is even." if is_even else "The number is odd."

    @entrypoint(checkpointer=saver)
    def workflow(inputs: dict[str, int]) -> str:
        """Simple workflow to classify a number."""
        even = is_even(inputs["number"]).result()
        return format_message(even).result()

    config = {"configurable": {"thread_id": str(uuid.uuid4())}}
    assert drive.invoke(workflow, {"number": 7}, config) == "The number is odd."
    assert drive.invoke(workflow, {"number": 8}, config) == "The number is even."


def test_compose_essay_with_a_model(saver: BaseCheckpointSaver, drive: Drive) -> None:
    """004: an essay by a model; a local function is the model."""

    def model(messages: list[dict[str, str]]) -> str:
        assert [m["role"] for m in messages] == ["system", "user"]
        return f"Answer to: {messages[-1]['content']}"

    @task
    def compose_essay(topic: str) -> str:
        """Generate an essay about the given topic."""
        return model(
            [
                {"role": "system", "content": "You are a helpful assistant that writes essays."},
                {"role": "user", "content": f"Write an essay about {topic}."},
            ]
        )

    @entrypoint(checkpointer=saver)
    def workflow(topic: str) -> str:
        """Simple workflow that generates an essay with an LLM."""
        result = compose_essay(topic).result()
        return result

    config = {"configurable": {"thread_id": str(uuid.uuid4())}}
    assert (
        drive.invoke(workflow, "the history of flight", config)
        == "Answer to: Write an essay about the history of flight."
    )


def test_add_one_in_parallel(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """004: parallel execution; the results keep the order of the calls."""

    @task
    def add_one(number: int) -> int:
        return number + 1

    @entrypoint(checkpointer=saver)
    def graph(numbers: list[int]) -> list[int]:
        futures = [add_one(i) for i in numbers]
        return [f.result() for f in futures]

    chunks = drive.stream(graph, [1, 2, 3], config)
    assert sorted(c["add_one"] for c in chunks[:-1]) == [2, 3, 4]
    assert chunks[-1] == {"graph": [2, 3, 4]}


def test_paragraphs_in_parallel(saver: BaseCheckpointSaver, drive: Drive) -> None:
    """004: several model calls at once, joined into one text. All three must be under way
    together, or the barrier breaks.
    """
    together = threading.Barrier(3, timeout=10)

    @task
    def generate_paragraph(topic: str) -> str:
        together.wait()
        return f"A paragraph about {topic}."

    @entrypoint(checkpointer=saver)
    def workflow(topics: list[str]) -> str:
        """Generates multiple paragraphs in parallel and combines them."""
        futures = [generate_paragraph(topic) for topic in topics]
        paragraphs = [f.result() for f in futures]
        return "\n\n".join(paragraphs)

    config = {"configurable": {"thread_id": str(uuid.uuid4())}}
    topics = ["quantum computing", "climate change", "history of aviation"]
    assert drive.invoke(workflow, topics, config) == (
        "A paragraph about quantum computing.\n\n"
        "A paragraph about climate change.\n\n"
        "A paragraph about history of aviation."
    )


def _pipeline(saver: BaseCheckpointSaver) -> Any:
    @task
    def fetch(url: str) -> str:
        return f"content of {url}"

    @task
    def summarize(text: str) -> str:
        return f"summary: {text[:20]}"

    @entrypoint(checkpointer=saver)
    def pipeline(urls: list[str]) -> list[str]:
        pages = [fetch(u) for u in urls]
        summaries = [summarize(p.result()) for p in pages]
        return [s.result() for s in summaries]

    return pipeline


def test_pipeline(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: fetch and summarise in parallel."""
    assert drive.invoke(_pipeline(saver), ["a", "b"], config) == [
        "summary: content of a",
        "summary: content of b",
    ]


@pytest.mark.parametrize("mode", [None, ["updates", "messages"]])
def test_pipeline_stream(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, mode: list[str] | None
) -> None:
    """003: the default mode is updates; with messages beside it the chunks are pairs."""
    pipeline = _pipeline(saver)
    options = {} if mode is None else {"stream_mode": mode}
    chunks = drive.stream(pipeline, ["a", "b"], config, **options)
    if mode is not None:
        assert {name for name, _ in chunks} == {"updates"}
        chunks = [data for _, data in chunks]
    assert sorted((name, text) for c in chunks[:-1] for name, text in c.items()) == [
        ("fetch", "content of a"),
        ("fetch", "content of b"),
        ("summarize", "summary: content of a"),
        ("summarize", "summary: content of b"),
    ]
    assert chunks[-1] == {"pipeline": ["summary: content of a", "summary: content of b"]}


def test_max_score_without_a_checkpointer(drive: Drive) -> None:
    """003: parallel fan-out with nothing kept."""

    @task
    def score(item: str) -> float:
        return len(item) / 10.0

    @entrypoint()
    def max_score(items: list[str]) -> float:
        futures = [score(i) for i in items]
        return max(f.result() for f in futures)

    assert drive.invoke(max_score, ["a", "four", "to"]) == 0.4


def test_named_task_with_policies(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: name, retry policy and cache policy of a task (no cache is given, so none is used)."""
    calls: list[str] = []

    @task(
        name="fetch_page",
        retry_policy=RetryPolicy(max_attempts=3),
        cache_policy=CachePolicy(ttl=300),
    )
    def fetch(url: str) -> str:
        calls.append(url)
        return f"content of {url}"

    @entrypoint(checkpointer=saver)
    def pipeline(url: str) -> str:
        return fetch(url).result()

    assert drive.stream(pipeline, "a", config) == [
        {"fetch_page": "content of a"},
        {"pipeline": "content of a"},
    ]
    assert drive.invoke(pipeline, "a", config) == "content of a"
    assert calls == ["a", "a"]


def test_with_progress(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: get_config in a task."""

    @task
    def with_progress(items: list[str]) -> list[str]:
        thread = get_config()["configurable"]["thread_id"]
        return [f"{thread}: {item}" for item in items]

    @entrypoint(checkpointer=saver)
    def workflow(items: list[str]) -> list[str]:
        return with_progress(items).result()

    assert drive.invoke(workflow, ["a"], config) == ["some_thread_id: a"]


def test_emit(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: runtime.stream_writer, read from the custom stream."""

    @entrypoint(checkpointer=saver)
    def emit(inp: dict[str, Any], runtime: Runtime) -> dict[str, bool]:  # type: ignore[type-arg]  # as documented
        runtime.stream_writer({"phase": "start"})
        runtime.stream_writer({"phase": "done"})
        return {"ok": True}

    assert drive.stream(emit, {}, config, stream_mode="custom") == [
        {"phase": "start"},
        {"phase": "done"},
    ]


def test_remember(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    """003: long-term memory through runtime.store."""
    store = InMemoryStore()

    @entrypoint(checkpointer=saver, store=store)
    def remember(inp: dict[str, str], runtime: Runtime[None]) -> dict[str, bool]:
        uid = inp["user_id"]
        assert runtime.store is not None
        runtime.store.put(("mem", uid), "latest", {"text": inp["text"]})
        return {"saved": True}

    assert drive.invoke(remember, {"user_id": "u1", "text": "hi"}, config) == {"saved": True}
    assert [(i.namespace, i.key, i.value) for i in store.search(("mem",))] == [
        (("mem", "u1"), "latest", {"text": "hi"})
    ]


def test_generators_are_refused() -> None:
    """003: yield in an entrypoint raises at decoration."""
    with pytest.raises(NotImplementedError):

        @entrypoint()
        def numbers(inp: int) -> Iterator[int]:
            yield inp


class _FailsTwice(BaseHTTPRequestHandler):
    """Answers 503 to the first two requests of a server, then 200."""

    def do_GET(self) -> None:
        seen: list[str] = self.server.seen  # type: ignore[attr-defined]  # set by the fixture
        seen.append(self.path)
        status, body = (503, b"busy") if len(seen) < 3 else (200, b"hello")
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), _FailsTwice)
    made.seen = []  # type: ignore[attr-defined]  # the handler's log
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_http_get(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, server: ThreadingHTTPServer
) -> None:
    """003: an async task that retries HTTP errors."""

    @task(
        retry_policy=RetryPolicy(
            initial_interval=0.001,
            jitter=False,
            max_attempts=5,
            retry_on=(httpx.TransportError, httpx.HTTPStatusError),
        )
    )
    async def http_get(url: str) -> str:
        async with httpx.AsyncClient(trust_env=False) as c:
            r = await c.get(url)
            r.raise_for_status()
            return r.text

    @entrypoint(checkpointer=saver)
    async def page(path: str) -> str:
        return await http_get(f"http://127.0.0.1:{server.server_port}{path}")

    assert drive.invoke(page, "/a", config) == "hello"
    assert server.seen == ["/a", "/a", "/a"]  # type: ignore[attr-defined]  # the handler's log
