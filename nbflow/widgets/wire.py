"""Events as the browser reads them.

Each event of a run is encoded once, in order, by the run's one encoder. The invariant: every
event becomes exactly one message of the same ``seq``, whatever the values in it do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from nbflow import events as ev
from nbflow.forms import decided_in, form_of, preview
from nbflow.forms.cells import with_cell_numbers
from nbflow.forms.portable import portable, shorten, visible
from nbflow.forms.secrets import Secrets
from nbflow.inputs import input_schema

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.forms.model import Preview
    from nbflow.types import Interrupt
    from nbflow.widgets.protocol import EventData, FailureData, ProgressData, RunStatus

__all__ = ["Encoder", "failure_data", "progress_in", "secrets_of"]

_INPUT_CHARS = 2_000
_RESULT_CHARS = 4_000
_VALUE_CHARS = 20_000
_TRACEBACK_CHARS = 20_000


def secrets_of(run: BaseRun) -> Secrets:
    """Return what a run was given in secret so far, with its input or as an answer.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> secrets_of(double.start(4)).hide("4")
    '4'
    """
    encoder = Encoder(input_schema(run.workflow))
    for event in run.events():
        encoder.encode(event)
    return encoder.secrets


class Encoder:
    """Encodes the events of one run, in order.

    >>> Encoder().encode(ev.Custom(seq=0, ts=0.0, task=None, data="half done"))["data"]
    {'text': 'half done', 'kind': 'text', 'cut': 0}
    """

    def __init__(self, input_schema: dict[str, Any] | None = None) -> None:
        self._input_schema = input_schema
        """Of the workflow; it says which parts of the input are secrets."""
        self._task_names: dict[str, str] = {}
        self._questions: dict[str, Interrupt] = {}
        self.secrets: Secrets = Secrets()
        """Those that the run was given so far; no text that is made here holds one."""

    def encode(self, event: ev.Event) -> EventData:
        """Return the message for ``event``."""
        kind, parts = self._parts(event)
        shown = self.secrets.hide_in_parts(parts)
        return cast("EventData", {"type": kind, "seq": event.seq, "ts": event.ts, **shown})

    def _parts(self, event: ev.Event) -> tuple[str, dict[str, Any]]:
        for kind, (name, encode) in _KINDS.items():
            if isinstance(event, kind):
                return name, encode(self, event)
        raise TypeError(f"No message is known for {type(event).__name__}")

    def _run_started(self, event: ev.RunStarted) -> dict[str, Any]:
        return {
            "workflow": event.workflow,
            "thread_id": event.thread_id,
            "run_id": event.run_id,
            "input": preview(self.secrets.take(event.input, self._input_schema), _INPUT_CHARS),
            "resumed": event.resumed,
        }

    def _task_started(self, event: ev.TaskStarted) -> dict[str, Any]:
        self._task_names[event.id] = event.name
        return {
            "id": event.id,
            "name": event.name,
            "parent": event.parent,
            "input": _arguments(event.input),
            "attempt": event.attempt,
        }

    def _task_retried(self, event: ev.TaskRetried) -> dict[str, Any]:
        return {
            "id": event.id,
            "name": event.name,
            "attempt": event.attempt,
            "wait_s": event.wait_s,
            "error": failure_data(event.error),
            **({"limit": event.limit} if isinstance(event.limit, int) else {}),
        }

    def _task_finished(self, event: ev.TaskFinished) -> dict[str, Any]:
        self._task_names[event.id] = event.name
        return {
            "id": event.id,
            "name": event.name,
            "parent": event.parent,
            "result": preview(event.result, _RESULT_CHARS),
            "duration_s": event.duration_s,
            "replayed": event.replayed,
            **({"cached": True} if event.cached else {}),
            **(_input_of(event) if event.replayed or event.cached else {}),
        }

    def _task_failed(self, event: ev.TaskFailed) -> dict[str, Any]:
        return {
            "id": event.id,
            "name": event.name,
            "parent": event.parent,
            "error": failure_data(event.error),
            "duration_s": event.duration_s,
            "replayed": event.replayed,
            **(_input_of(event) if event.replayed else {}),
        }

    def _task_unfinished(self, event: ev.TaskCancelled | ev.TaskPaused) -> dict[str, Any]:
        return {
            "id": event.id,
            "name": event.name,
            "parent": event.parent,
            "replayed": event.replayed,
            **(_input_of(event) if event.replayed else {}),
        }

    def _asked(self, event: ev.Asked) -> dict[str, Any]:
        self._questions[event.interrupt.id] = event.interrupt
        task = None if event.task is None else self._task_names.get(event.task)
        self.secrets.take(event.interrupt.default, event.interrupt.response_schema)
        return {"form": form_of(event.interrupt, task)}

    def _answered(self, event: ev.Answered) -> dict[str, Any]:
        question = self._questions.get(event.interrupt_id)
        answer = self.secrets.take(event.answer, question.response_schema if question else None)
        decisions = [] if question is None else decided_in(question, answer)
        whole = portable(decisions, chars=_VALUE_CHARS)
        return {
            "interrupt_id": event.interrupt_id,
            "answer": preview(answer, _RESULT_CHARS),
            "decisions": [] if whole.cut else whole.value,
            "by": None if event.by is None else shorten(event.by, 200)[0],
            "via": shorten(event.via, 200)[0],
            "expired": event.expired,
        }

    def question(self, interrupt_id: str) -> Interrupt | None:
        """The question of that id; None when the run never asked it."""
        return self._questions.get(interrupt_id)

    def _custom(self, event: ev.Custom) -> dict[str, Any]:
        progress = progress_in(event.data)
        return {
            "task": event.task,
            "data": preview(event.data, _RESULT_CHARS),
            **({} if progress is None else {"progress": progress}),
        }

    def _printed(self, event: ev.Printed) -> dict[str, Any]:
        stream = "stderr" if event.stream == "stderr" else "stdout"
        return {"task": event.task, "data": preview(event.text, _RESULT_CHARS), "printed": stream}

    def _message(self, event: ev.Message) -> dict[str, Any]:
        text = getattr(event.chunk, "content", event.chunk)
        return {"task": event.task, "data": preview(text, _RESULT_CHARS)}

    def _checkpoint(self, event: ev.CheckpointSaved) -> dict[str, Any]:
        return {
            "checkpoint_id": event.checkpoint_id,
            "source": event.source,
            "step": event.step,
        }

    def _run_ended(self, event: ev.RunEnded) -> dict[str, Any]:
        return {
            "status": cast("RunStatus", event.status),
            "value": preview(event.value, _VALUE_CHARS) if event.status == "done" else None,
            "error": None if event.error is None else failure_data(event.error),
            "duration_s": event.duration_s,
            "open": [question.id for question in event.interrupts],
        }


def failure_data(failure: ev.Failure) -> FailureData:
    """Return a failure as the browser reads it; of a long traceback, the end.

    >>> failure_data(ev.Failure(type="ValueError", message="too long", traceback=""))["message"]
    'too long'
    """
    traceback = with_cell_numbers(failure.traceback)
    if len(traceback) > _TRACEBACK_CHARS:
        traceback = "…\n" + traceback[-_TRACEBACK_CHARS:]
    return {
        "type": shorten(failure.type, 200)[0],
        "message": visible(shorten(failure.message, _RESULT_CHARS)[0]),
        "traceback": visible(shorten(traceback, _TRACEBACK_CHARS + 2)[0]),
        "notes": [visible(shorten(note, 1_000)[0]) for note in failure.notes[:20]],
    }


def progress_in(data: Any) -> ProgressData | None:
    """Return how far the code says it is, when it says that and nothing else.

    It says so with ``{"progress": 0.4}``, or with ``done``, ``total`` and ``text`` in place of the
    number, each of which may be left out. None for every other value.

    >>> progress_in({"progress": {"done": 3, "total": 12, "text": "pages"}})
    {'share': 0.25, 'done': 3.0, 'total': 12.0, 'text': 'pages'}
    >>> progress_in({"progress": 0.4})["share"], progress_in({"progress": "soon"})
    (0.4, None)
    """
    said = data.get("progress") if type(data) is dict and len(data) == 1 else None
    share = _number(said)
    if share is not None:
        return {"share": min(max(share, 0.0), 1.0), "done": None, "total": None, "text": ""}
    if type(said) is not dict or not said or said.keys() - {"done", "total", "text"}:
        return None
    done, total, text = _number(said.get("done")), _number(said.get("total")), said.get("text", "")
    if not isinstance(text, str):
        return None
    known = done is not None and total is not None and total > 0
    return {
        "share": min(max((done or 0.0) / (total or 1.0), 0.0), 1.0) if known else None,
        "done": done,
        "total": total,
        "text": visible(shorten(text, 200)[0]),
    }


def _number(value: Any) -> float | None:
    """Return a finite number; None for anything else, and for what is too large for one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _input_of(event: Any) -> dict[str, Any]:
    return {"input": _arguments(event.input)}


def _arguments(call: tuple[tuple[Any, ...], dict[str, Any]]) -> Preview:
    """Return a task's arguments: the one it got, or all of them."""
    args, kwargs = call
    if len(args) == 1 and not kwargs:
        return preview(args[0], _INPUT_CHARS)
    if not args and not kwargs:
        return {"text": "", "kind": "text", "cut": 0}
    if not kwargs:
        return preview(list(args), _INPUT_CHARS)
    positional = {f"[{at}]": value for at, value in enumerate(args)}
    return preview(positional | kwargs, _INPUT_CHARS)


_KINDS: dict[type[ev.Event], tuple[str, Callable[[Encoder, Any], dict[str, Any]]]] = {
    ev.RunStarted: ("run_started", Encoder._run_started),
    ev.TaskStarted: ("task_started", Encoder._task_started),
    ev.TaskRetried: ("task_retried", Encoder._task_retried),
    ev.TaskFinished: ("task_finished", Encoder._task_finished),
    ev.TaskFailed: ("task_failed", Encoder._task_failed),
    ev.TaskCancelled: ("task_cancelled", Encoder._task_unfinished),
    ev.TaskPaused: ("task_paused", Encoder._task_unfinished),
    ev.Asked: ("asked", Encoder._asked),
    ev.Answered: ("answered", Encoder._answered),
    ev.Custom: ("custom", Encoder._custom),
    ev.Message: ("custom", Encoder._message),
    ev.Printed: ("custom", Encoder._printed),
    ev.CheckpointSaved: ("checkpoint", Encoder._checkpoint),
    ev.RunEnded: ("run_ended", Encoder._run_ended),
}
