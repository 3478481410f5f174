"""Runs and tasks as OpenTelemetry spans, read back from the real SDK's exporter."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, StatusCode

from nbflow import events as ev
from nbflow._hooks import hooks
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.config import get_stream_writer
from nbflow.func import entrypoint, task
from nbflow.telemetry import instrument
from nbflow.types import Command, RetryPolicy, interrupt
from tests.unit.drive import Config, Drive, on_thread, within

LIMIT_S = 8.0
SECRET = "the payload nobody may read"


class Traces:
    """An SDK of the test's own, and what it exported."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("the user's own")

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """In the order in which they ended."""
        return self.exporter.get_finished_spans()

    def one(self, name: str) -> ReadableSpan:
        (span,) = (span for span in self.spans if span.name == name)
        return span

    def tree(self) -> dict[str, str | None]:
        """Each span's name to its parent's."""
        names = {context_of(span).span_id: span.name for span in self.spans}
        return {
            span.name: None if span.parent is None else names[span.parent.span_id]
            for span in self.spans
        }

    def statuses(self) -> list[tuple[str, Any]]:
        """Of nbflow's spans, in the order in which they ended."""
        return [(s.name, attributes(s)["nbflow.status"]) for s in self.spans if ours(s)]


def context_of(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


def ours(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    return scope is not None and scope.name == "nbflow"


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def noted(span: ReadableSpan) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, dict(event.attributes or {})) for event in span.events]


@pytest.fixture
def traces() -> Iterator[Traces]:
    """Every run is traced while the test goes on."""
    made = Traces()
    before = set(hooks.observers)
    stop = instrument(made.provider)
    yield made
    stop()
    assert set(hooks.observers) <= before


# -- what is a span ----------------------------------------------------------------------------


def test_a_run_and_its_tasks_are_spans(
    traces: Traces, saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @task
    def double(x: int) -> int:
        return 2 * x

    @entrypoint(checkpointer=saver)
    def count(x: int) -> int:
        return double(x).result() + 1

    assert drive.invoke(count, 3, config) == 7

    run, done = traces.one("count"), traces.one("double")
    run_id = saver.list_runs("some_thread_id")[0].id
    common = {
        "nbflow.workflow": "count",
        "nbflow.run_id": run_id,
        "nbflow.thread_id": "some_thread_id",
        "nbflow.status": "done",
    }
    assert traces.tree() == {"double": "count", "count": None}
    assert attributes(run) == {
        **common,
        "nbflow.resumed": False,
        "nbflow.replayed_tasks": 0,
        "nbflow.cached_tasks": 0,
    }
    assert attributes(done) == {
        **common,
        "nbflow.task": "double",
        "nbflow.task_id": attributes(done)["nbflow.task_id"],
        "nbflow.attempts": 1,
    }
    assert [span.status.status_code for span in traces.spans] == [StatusCode.UNSET] * 2
    ids = [row.id for row in saver.list_checkpoints("some_thread_id")][::-1]
    assert noted(run) == [
        (
            "nbflow.checkpoint",
            {"nbflow.checkpoint_id": ids[0], "nbflow.source": "input", "nbflow.step": -1},
        ),
        (
            "nbflow.checkpoint",
            {"nbflow.checkpoint_id": ids[1], "nbflow.source": "loop", "nbflow.step": 0},
        ),
    ]


def test_async_tasks_and_bodies(traces: Traces, drive: Drive) -> None:
    @task
    async def double(x: int) -> int:
        return 2 * x

    @entrypoint()
    async def count(x: int) -> int:
        return sum(await asyncio.gather(double(x), double(x + 1)))

    assert drive.invoke(count, 3) == 14
    assert traces.statuses() == [("double", "done"), ("double", "done"), ("count", "done")]
    assert traces.tree() == {"double": "count", "count": None}
    assert "nbflow.thread_id" not in attributes(traces.one("count"))


def test_times_are_those_of_the_events(traces: Traces) -> None:
    @task
    def double(x: int) -> int:
        return 2 * x

    @entrypoint(checkpointer=InMemorySaver())
    def count(x: int) -> int:
        return double(x).result()

    run = count.start(3)
    assert run.result(LIMIT_S) == 6

    at = {type(event): int(event.ts * 1_000_000_000) for event in run.events()}
    done, whole = traces.one("double"), traces.one("count")
    assert (done.start_time, done.end_time) == (at[ev.TaskStarted], at[ev.TaskFinished])
    assert (whole.start_time, whole.end_time) == (at[ev.RunStarted], at[ev.RunEnded])


def test_a_task_in_a_task_is_its_child(
    traces: Traces, saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @task
    def leaf(x: int) -> int:
        return x + 1

    @task
    def branch(x: int) -> int:
        return leaf(x).result()

    @entrypoint()
    def part(x: int) -> int:
        return branch(x).result()

    @entrypoint(checkpointer=saver)
    def whole(x: int) -> int:
        return int(part.invoke(x))

    assert drive.invoke(whole, 1, config) == 2
    assert traces.tree() == {"leaf": "branch", "branch": "part", "part": "whole", "whole": None}


def test_parallel_tasks_are_siblings_that_overlap(traces: Traces, drive: Drive) -> None:
    both = threading.Barrier(2)

    @task
    def left() -> int:
        return both.wait(LIMIT_S)

    @task
    def right() -> int:
        return both.wait(LIMIT_S)

    @entrypoint()
    def meet(_: int) -> int:
        futures = [left(), right()]
        return sum(future.result() for future in futures)

    assert drive.invoke(meet, 0) == 1
    assert traces.tree() == {"left": "meet", "right": "meet", "meet": None}
    one, other = traces.one("left"), traces.one("right")
    assert one.start_time and one.end_time and other.start_time and other.end_time
    assert max(one.start_time, other.start_time) <= min(one.end_time, other.end_time)


def test_a_run_is_a_child_of_the_span_that_began_it(traces: Traces) -> None:
    @task
    def double(x: int) -> int:
        return 2 * x

    @entrypoint(checkpointer=InMemorySaver())
    def count(x: int) -> int:
        return double(x).result()

    with traces.tracer.start_as_current_span("in a thread"):
        run = count.start(3)
    assert run.result(LIMIT_S) == 6
    assert traces.tree() == {"in a thread": None, "count": "in a thread", "double": "count"}
    traces.exporter.clear()

    with traces.tracer.start_as_current_span("in a stream"):
        assert list(count.stream(3, on_thread("2"))) == [{"double": 6}, {"count": 6}]
    assert traces.tree() == {"in a stream": None, "count": "in a stream", "double": "count"}
    assert {context_of(span).trace_id for span in traces.spans} == {
        context_of(traces.one("count")).trace_id
    }


# -- what goes wrong ---------------------------------------------------------------------------


def test_a_retry_is_an_event_of_one_span(traces: Traces, drive: Drive) -> None:
    calls: list[int] = []

    @task(retry_policy=RetryPolicy(initial_interval=0, jitter=False, retry_on=ConnectionError))
    def fetch() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError(f"call {len(calls)}")
        return "page"

    @entrypoint()
    def crawl(_: int) -> str:
        return fetch().result()

    assert drive.invoke(crawl, 0) == "page"

    span = traces.one("fetch")
    assert (attributes(span)["nbflow.attempts"], attributes(span)["nbflow.status"]) == (3, "done")
    assert span.status.status_code is StatusCode.UNSET
    assert [
        (name, said["nbflow.attempt"], said["nbflow.wait_s"], said["exception.message"])
        for name, said in noted(span)
    ] == [("nbflow.retry", 1, 0.0, "call 1"), ("nbflow.retry", 2, 0.0, "call 2")]


def test_a_failure_is_an_error_with_its_exception(traces: Traces, drive: Drive) -> None:
    @task
    def divide(x: int) -> float:
        return 1 / x

    @entrypoint()
    def ratio(x: int) -> float:
        return divide(x).result()

    with pytest.raises(ZeroDivisionError):
        drive.invoke(ratio, 0)

    assert traces.statuses() == [("divide", "error"), ("ratio", "error")]
    for span in traces.spans:
        ((name, said),) = noted(span)
        assert (name, said["exception.type"]) == ("exception", "ZeroDivisionError")
        assert said["exception.message"] == "division by zero"
        assert "return 1 / x" in said["exception.stacktrace"]
        assert attributes(span)["error.type"] == "ZeroDivisionError"
        assert span.status.status_code is StatusCode.ERROR
        assert span.status.description == "ZeroDivisionError: division by zero"


def test_a_failure_that_the_code_handles_leaves_the_run_well(traces: Traces) -> None:
    @task
    def divide(x: int) -> float:
        return 1 / x

    @entrypoint()
    def ratio(x: int) -> float:
        try:
            return divide(x).result()
        except ZeroDivisionError:
            return 0.0

    assert ratio.invoke(0) == 0.0
    assert traces.statuses() == [("divide", "error"), ("ratio", "done")]
    assert traces.one("ratio").status.status_code is StatusCode.UNSET


def test_what_the_code_cancels_has_not_failed(traces: Traces) -> None:
    begun = asyncio.Event()

    @task
    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    @entrypoint()
    async def impatient(_: int) -> str:
        waiting = wait()
        await begun.wait()
        waiting.cancel()
        try:
            await waiting
        except asyncio.CancelledError:
            return "moved on"
        return "waited"

    assert asyncio.run(impatient.ainvoke(0)) == "moved on"
    assert traces.statuses() == [("wait", "cancelled"), ("impatient", "done")]
    assert {span.status.status_code for span in traces.spans} == {StatusCode.UNSET}


def test_a_stream_left_early_ends_its_spans(
    traces: Traces, saver: BaseCheckpointSaver, config: Config
) -> None:
    left = threading.Event()

    @task
    def first() -> int:
        return 1

    @task
    def second() -> bool:
        return left.wait(LIMIT_S)

    @entrypoint(checkpointer=saver)
    def steps(_: int) -> bool:
        return bool(first().result()) and second().result() and bool(first().result())

    chunks: Any = steps.stream(0, config)
    assert next(chunks) == {"first": 1}
    left.set()
    chunks.close()

    assert dict(traces.statuses())["steps"] == "cancelled"
    assert set(traces.tree().values()) == {"steps", None}


def test_an_async_stream_left_early_ends_its_spans(traces: Traces) -> None:
    @task
    async def first() -> int:
        return 1

    @task
    async def forever() -> None:
        await asyncio.Event().wait()

    @entrypoint()
    async def steps(_: int) -> None:
        await first()
        await forever()

    async def main() -> None:
        chunks: Any = steps.astream(0)
        async for chunk in chunks:
            assert chunk == {"first": 1}
            break
        await chunks.aclose()

    asyncio.run(main())
    assert dict(traces.statuses())["steps"] == "cancelled"
    assert traces.tree().get("forever", "steps") == "steps"
    assert {span.status.status_code for span in traces.spans} == {StatusCode.UNSET}


# -- questions ---------------------------------------------------------------------------------


def _essay(saver: BaseCheckpointSaver) -> Any:
    @task
    def compose(topic: str) -> str:
        return f"{topic}: {SECRET}"

    @task
    def approve(essay: str) -> bool:
        get_stream_writer()({"showing": essay})
        return bool(interrupt({"question": "Publish?", "essay": essay}))

    @entrypoint(checkpointer=saver)
    def review(topic: str) -> dict[str, Any]:
        essay = compose(topic).result()
        return {"essay": essay, "published": approve(essay).result()}

    return review


def test_a_pause_and_its_answer_are_two_runs_of_one_thread(
    traces: Traces, saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    review = _essay(saver)
    (question,) = drive.invoke(review, "cats", config)["__interrupt__"]
    assert traces.statuses() == [
        ("compose", "done"),
        ("approve", "interrupted"),
        ("review", "interrupted"),
    ]
    assert noted(traces.one("approve")) == [("nbflow.asked", {"nbflow.interrupt_id": question.id})]
    paused = traces.one("review")
    assert attributes(paused)["nbflow.open_questions"] == 1
    traces.exporter.clear()

    assert drive.invoke(review, Command(resume=True), config)["published"] is True
    assert traces.statuses() == [("approve", "done"), ("review", "done")]
    resumed = traces.one("review")
    assert noted(resumed)[0] == ("nbflow.answered", {"nbflow.interrupt_id": question.id})
    for span, is_resumed, replayed in ((paused, False, 0), (resumed, True, 1)):
        assert attributes(span)["nbflow.thread_id"] == "some_thread_id"
        assert attributes(span)["nbflow.run_id"] == saver.list_runs("some_thread_id")[0].id
        assert attributes(span)["nbflow.resumed"] is is_resumed
        assert attributes(span)["nbflow.replayed_tasks"] == replayed
        assert span.status.status_code is StatusCode.UNSET
    assert context_of(paused).trace_id != context_of(resumed).trace_id


def test_a_question_of_the_entrypoint_is_noted_on_the_run(
    traces: Traces, saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @entrypoint(checkpointer=saver)
    def ask(_: int) -> str:
        return str(interrupt("Name?"))

    (question,) = drive.invoke(ask, 0, config)["__interrupt__"]
    assert noted(traces.one("ask"))[1:] == [("nbflow.asked", {"nbflow.interrupt_id": question.id})]


class _Told(SpanProcessor):
    """Sets an event when the span of that name has ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ended = threading.Event()

    def on_end(self, span: ReadableSpan) -> None:
        if span.name == self.name:
            self.ended.set()


def test_a_task_that_asks_ends_while_others_go_on(traces: Traces, config: Config) -> None:
    told = _Told("ask")
    traces.provider.add_span_processor(told)

    @task
    def ask() -> Any:
        return interrupt("Name?")

    @task
    def go_on() -> bool:
        return told.ended.wait(LIMIT_S)

    @entrypoint(checkpointer=InMemorySaver())
    def both(_: int) -> list[Any]:
        return [future.result() for future in [ask(), go_on()]]

    both.invoke(0, config)
    assert both.invoke(Command(resume="Ada"), config) == ["Ada", True]
    assert traces.statuses()[:3] == [
        ("ask", "interrupted"),
        ("go_on", "done"),
        ("both", "interrupted"),
    ]


def test_no_value_is_in_a_span(traces: Traces, saver: BaseCheckpointSaver, config: Config) -> None:
    review = _essay(saver)
    review.invoke("cats", config)
    review.invoke(Command(resume=SECRET), config)

    assert len(traces.spans) == 5
    assert [span for span in traces.spans if SECRET in span.to_json()] == []


def test_values_are_recorded_where_that_is_wanted(
    traces: Traces, saver: BaseCheckpointSaver, config: Config
) -> None:
    stop = instrument(traces.provider, record_values=True)
    review = _essay(saver)
    review.invoke("cats", config)
    review.invoke(Command(resume="yes"), config)
    stop()

    asked, approved = (span for span in traces.spans if span.name == "approve")
    essay = f"cats: {SECRET}"
    assert [(name, json.loads(said["nbflow.value"])) for name, said in noted(asked)] == [
        ("nbflow.custom", {"showing": essay}),
        ("nbflow.asked", {"question": "Publish?", "essay": essay}),
    ]
    assert noted(approved) == []
    resumed = [span for span in traces.spans if span.name == "review"][1]
    assert noted(resumed)[0][1]["nbflow.value"] == '"yes"'


# -- the instrumentation itself ----------------------------------------------------------------


@entrypoint()
def echo(x: Any) -> Any:
    return x


def test_a_second_call_takes_the_place_of_the_first() -> None:
    first, second = Traces(), Traces()
    before = set(hooks.observers)
    stop_first, stop_second = instrument(first.provider), instrument(second.provider)

    assert echo.invoke(1) == 1
    stop_first()
    assert echo.invoke(2) == 2
    stop_second()
    stop_second()
    assert echo.invoke(3) == 3

    assert (len(first.spans), len(second.spans)) == (0, 2)
    assert set(hooks.observers) <= before


def test_a_run_going_on_is_traced_to_its_end() -> None:
    traces = Traces()
    stop = instrument(traces.provider)
    stopped = threading.Event()

    @task
    def wait() -> bool:
        return stopped.wait(LIMIT_S)

    @entrypoint(checkpointer=InMemorySaver())
    def patient(_: int) -> bool:
        return wait().result()

    run = patient.start(0)
    stop()
    stopped.set()
    assert run.result(LIMIT_S) is True
    assert traces.statuses() == [("wait", "done"), ("patient", "done")]


class _Broken(SpanProcessor, SpanExporter):
    """Raises at one of the moments at which it is called."""

    def __init__(self, at: str) -> None:
        self.at = at

    def on_start(self, span: Span, parent_context: Any = None) -> None:
        self._raise("on_start")

    def on_end(self, span: ReadableSpan) -> None:
        self._raise("on_end")

    def export(self, spans: Any) -> SpanExportResult:
        self._raise("export")
        return SpanExportResult.SUCCESS

    def _raise(self, moment: str) -> None:
        if self.at == moment:
            raise OSError("no collector here")


@pytest.mark.parametrize("at", ["on_start", "on_end", "export"])
def test_a_broken_exporter_breaks_no_run(
    at: str, drive: Drive, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    broken, provider = _Broken(at), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(broken) if at == "export" else broken)
    stop = instrument(provider)

    @task
    def double(x: int) -> int:
        return 2 * x

    @entrypoint(checkpointer=InMemorySaver())
    def count(x: int) -> int:
        return double(x).result() + (0 if interrupt("Really?") else 1)

    drive.invoke(count, 3, config)
    assert drive.invoke(count, Command(resume=True), config) == 6
    stop()

    assert "no collector here" in caplog.text
    said = [r for r in caplog.records if r.name == "nbflow.telemetry"]
    assert [r.levelno for r in said if r.levelno >= logging.ERROR] == (
        [] if at == "export" else [logging.ERROR] * 2
    )


def test_many_threads_write_one_trace(traces: Traces) -> None:
    @task
    def leaf(x: int) -> int:
        return x

    @task
    def branch(x: int) -> int:
        return sum(future.result() for future in [leaf(10 * x + i) for i in range(5)])

    @entrypoint()
    def tree(n: int) -> int:
        return sum(future.result() for future in [branch(i) for i in range(n)])

    assert within(LIMIT_S, lambda: tree.invoke(20)) == sum(range(10 * 20)) - sum(
        10 * x + i for x in range(20) for i in range(5, 10)
    )
    ids = {context_of(span).span_id: span for span in traces.spans}
    parents = [ids[span.parent.span_id].name for span in traces.spans if span.parent is not None]
    assert (parents.count("branch"), parents.count("tree"), len(ids)) == (100, 20, 121)


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )


def test_import_loads_no_opentelemetry() -> None:
    done = _python(
        "import sys, nbflow, nbflow.telemetry, nbflow.func\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_without_the_package_instrument_says_what_to_install() -> None:
    done = _python(
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from nbflow.telemetry import instrument\n"
        "try:\n"
        "    instrument()\n"
        "except ModuleNotFoundError as error:\n"
        "    print(error)\n"
    )
    assert done.stderr == ""
    assert "Install it: pip install 'nbflow[otel]'." in done.stdout


def test_a_global_provider_may_come_later() -> None:
    done = _python(
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider\n"
        "from opentelemetry.sdk.trace.export import SimpleSpanProcessor\n"
        "from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter\n"
        "from nbflow.func import entrypoint\n"
        "from nbflow.telemetry import instrument\n"
        "instrument()\n"
        "exporter, provider = InMemorySpanExporter(), TracerProvider()\n"
        "provider.add_span_processor(SimpleSpanProcessor(exporter))\n"
        "trace.set_tracer_provider(provider)\n"
        "@entrypoint()\n"
        "def echo(x: int) -> int:\n"
        "    return x\n"
        "echo.invoke(1)\n"
        "print([span.name for span in exporter.get_finished_spans()])\n"
    )
    assert (done.stdout, done.stderr) == ("['echo']\n", "")
