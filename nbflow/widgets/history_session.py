"""What a page asks of a thread's past, and the actions that go back to it.

The invariants: a refused action stored nothing, and says why; one press acts once; no secret that a
schema names leaves the kernel. An action that begins a run hands the page over to that run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from nbflow.branches import branches_of, checkpoint_id_of, first_difference, paired
from nbflow.compare import differences
from nbflow.edits import editable_type, state_from_json, state_schema
from nbflow.forms import without_secrets
from nbflow.forms.cells import site_in_cell
from nbflow.forms.portable import clean_text, shorten, visible
from nbflow.forms.schema import drawn_schema, fillable
from nbflow.types import StateSnapshot
from nbflow.widgets.checkpoints import (
    CHANGES,
    branch_item,
    change_item,
    checkpoint_item,
    hidden_preview,
)
from nbflow.widgets.conversation import BadMessageError, Page, number_in, text_in
from nbflow.widgets.history_code import Written
from nbflow.widgets.receipts import Receipts
from nbflow.widgets.wire import failure_data

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.forms.model import Form, Preview
    from nbflow.types import Failure, OpSnapshot
    from nbflow.widgets.history_protocol import (
        CheckpointDetail,
        CodeItem,
        OpItem,
        Outcome,
    )
    from nbflow.widgets.protocol import CheckpointItem, FailureData
    from nbflow.widgets.session import Session

__all__ = ["PastServed", "serve_past"]

_PAGE = 200
_VALUE_CHARS = 20_000
_PART_CHARS = 4_000
_OPS = 300
_HOLDS_SECRET = "The state holds a secret that the run was given, so it is edited in code alone."
_RESUMES = frozenset(("error", "cancelled", "crashed", "ready"))


class PastServed:
    """One session's part that looks back.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> from nbflow.func import entrypoint
    >>> from nbflow.widgets.session import session_of
    >>> @entrypoint(checkpointer=InMemorySaver())
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> class Log:
    ...     def send(self, content, buffers=None):
    ...         print([(item["source"], item["values"]["text"]) for item in content["items"]])
    >>> run = double.start(4, thread_id="1")
    >>> _ = run.result()
    >>> ask = {"type": "history", "request": "r1", "limit": 5, "before": None}
    >>> PastServed(session_of(run)).history(Log(), ask)
    [('loop', '8'), ('input', 'null')]
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._receipts = Receipts()
        self._outline: list[StateSnapshot] = []

    @property
    def _run(self) -> BaseRun:
        return self._session.run

    def _shot(self, checkpoint_id: str) -> StateSnapshot:
        configurable = {"thread_id": self._thread_id, "checkpoint_id": checkpoint_id}
        return self._run.workflow.get_state({"configurable": configurable})

    @property
    def _thread_id(self) -> str:
        return self._run.thread_id or ""

    @property
    def _code(self) -> Written:
        return Written(self._run.workflow.name, self._thread_id)

    def _shown(self, values: Any) -> Any:
        """A state without the secrets that its type, or the workflow's annotation, names."""
        try:
            schema = state_schema(editable_type(self._run.workflow, values))
        except ValueError:
            schema = {}
        declared = self._run.workflow.get_output_jsonschema()
        return without_secrets(without_secrets(values, schema), declared)

    # -- looking ------------------------------------------------------------------------------

    def history(self, page: Page, content: dict[str, Any]) -> None:
        """Answer with a page of checkpoints, newest first, and the branches they are in."""
        limit = max(1, min(number_in(content, "limit"), _PAGE))
        before = content.get("before")
        if before is not None and not isinstance(before, str):
            raise BadMessageError("'before' must be a checkpoint id or null.")
        shots = self._run.history(limit=limit + 1, before=before)
        branches = branches_of(self._outlined())
        numbers = {checkpoint_id_of(s.config): b.number for b in branches for s in b.checkpoints}
        wanted = [shot for shot in shots[:limit] if checkpoint_id_of(shot.config) in numbers]
        seen = {numbers[checkpoint_id_of(shot.config)] for shot in wanted}
        self._session.post(
            page,
            {
                "type": "history",
                "request": text_in(content, "request"),
                "items": [self._item(s, numbers[checkpoint_id_of(s.config)]) for s in wanted],
                "branches": [branch_item(one) for one in branches if one.number in seen],
                "more": len(shots) > limit,
            },
        )

    def _outlined(self) -> list[StateSnapshot]:
        """All checkpoints without their values, newest first; those known are not read again.

        Only the newest can have changed since: whatever is older is over.
        """
        if not self._run.workflow.keeps_threads or self._run.thread_id is None:
            return []
        places = {checkpoint_id_of(shot.config): at for at, shot in enumerate(self._outline)}
        fresh: list[StateSnapshot] = []
        rest: list[StateSnapshot] = []
        config = {"configurable": {"thread_id": self._run.thread_id}}
        for shot in self._run.workflow.get_state_history(config):
            at = places.get(checkpoint_id_of(shot.config), 0)
            if at > 0:
                rest = self._outline[at:]
                break
            fresh.append(
                StateSnapshot(
                    None, (), shot.config, shot.metadata, None, shot.parent_config, (), (),
                    shot.status,
                )
            )  # fmt: skip
        self._outline = [*fresh, *rest]
        return self._outline

    def _item(self, shot: StateSnapshot, branch: int) -> CheckpointItem:
        shown = shot._replace(values=self._shown(shot.values))
        item = checkpoint_item(shown, self._session.secrets)
        return {**item, "status": shot.status, "branch": branch}

    def _preview(self, value: Any, chars: int) -> Preview:
        """A preview without the secrets that the run was given."""
        return hidden_preview(value, self._session.secrets, chars)

    def _hide(self, text: str) -> str:
        hidden: str = self._session.secrets.hide(text)
        return hidden

    def checkpoint(self, page: Page, content: dict[str, Any]) -> None:
        """Answer with one checkpoint in full."""
        checkpoint_id = text_in(content, "checkpoint_id")
        shot = self._shot(checkpoint_id)
        opens, forks = bool(shot.tasks), self._run.workflow.forks_at_ops
        ops = list(islice(shot.ops, _OPS))
        form, fixed = self._form(checkpoint_id, shot)
        error = shot.tasks[0].error if shot.tasks else None
        detail: CheckpointDetail = {
            "type": "checkpoint",
            "request": text_in(content, "request"),
            "checkpoint_id": checkpoint_id,
            "values": self._preview(self._shown(shot.values), _VALUE_CHARS),
            "metadata": self._preview(shot.metadata, _PART_CHARS),
            "error": None if error is None else self._hide(visible(shorten(error, _PART_CHARS)[0])),
            "ops": [self._op(op, checkpoint_id) for op in ops],
            "more": len(shot.ops) - len(ops),
            "form": form,
            "fixed": fixed,
            "rerun": opens or (forks and (shot.metadata or {}).get("source") == "loop"),
            "codes": self._code.codes(
                checkpoint_id, opens=opens, resumes=self._is_newest(shot, _RESUMES), forks=forks
            ),
        }
        self._session.post(page, detail)

    def _is_newest(self, shot: StateSnapshot, status: frozenset[str]) -> bool:
        """Whether it is the thread's newest checkpoint, and its run stands so."""
        return shot.status in status and self._run.history(limit=1)[0].config == shot.config

    def _op(self, op: OpSnapshot, checkpoint_id: str) -> OpItem:
        codes: list[CodeItem] = []
        if self._run.workflow.forks_at_ops:
            if op.status in ("done", "failed", "cancelled", "answered"):
                code = self._code.fork(checkpoint_id, after=op.id)
                codes.append({"action": "after", "text": code})
            codes.append({"action": "before", "text": self._code.fork(checkpoint_id, before=op.id)})
        asks = op.kind == "question"
        answer = without_secrets(op.answer, op.response_schema)
        return {
            "id": op.id,
            "kind": op.kind,
            "name": op.name,
            "parent": op.parent,
            "status": op.status,
            "value": self._preview(op.value, _PART_CHARS),
            "answer": self._preview(answer, _PART_CHARS)
            if asks and op.status == "answered"
            else None,
            "answered_by": op.answered_by,
            "error": self._failure(op.error),
            "attempt": op.attempt,
            "site": site_in_cell(op.site),
            "codes": codes,
        }

    def _form(self, checkpoint_id: str, shot: StateSnapshot) -> tuple[Form | None, str]:
        """The form that edits a state; None and why not, where that is not possible."""
        try:
            kind = editable_type(self._run.workflow, shot.values)
            declared = state_schema(kind)
            schema = drawn_schema(declared)
            initial = None if shot.values is None else fillable(shot.values, declared)
        except ValueError as exc:
            return None, clean_text(str(exc))
        if self._session.secrets.hide(initial) != initial:
            return None, _HOLDS_SECRET
        form: Form = {
            "interrupt_id": f"edit:{checkpoint_id}",
            "task": None,
            "title": "State",
            "context": [],
            "schema": schema or {},
            "has_initial": shot.values is not None or declared == {},
            "actions": [],
        }
        if form["has_initial"]:
            form["initial"] = initial
        return form, ""

    def comparison(self, page: Page, content: dict[str, Any]) -> None:
        """Answer with what differs between two checkpoints, and between their runs."""
        left, right = text_in(content, "left"), text_in(content, "right")
        shots = self._shot(left), self._shot(right)
        old, new = (self._shown(shot.values) for shot in shots)
        found = differences(old, new, limit=CHANGES + 1)
        raw = (shot.values for shot in shots)
        hidden = not found and bool(differences(*raw, limit=1))
        runs = [self._opening(shot) for shot in shots]
        same_run = checkpoint_id_of(runs[0].config) == checkpoint_id_of(runs[1].config)
        pairs = [] if same_run else paired(list(runs[0].ops), list(runs[1].ops))
        ids = [checkpoint_id_of(run.config) or "" for run in runs]
        self._session.post(
            page,
            {
                "type": "comparison",
                "request": text_in(content, "request"),
                "changes": [change_item(one, self._session.secrets) for one in found[:CHANGES]],
                "more": len(found) > CHANGES,
                "hidden": hidden,
                "pairs": [
                    {
                        "left": None if one.left is None else self._op(one.left, ids[0]),
                        "right": None if one.right is None else self._op(one.right, ids[1]),
                        "same_call": one.same_call,
                        "same": one.same,
                    }
                    for one in pairs[:_OPS]
                ],
                "first": first_difference(pairs),
                "unpaired": max(0, len(pairs) - _OPS),
                "code": self._code.compare(left, right),
            },
        )

    def _failure(self, failure: Failure | None) -> FailureData | None:
        if failure is None:
            return None
        hidden: FailureData = self._session.secrets.hide(dict(failure_data(failure)))
        return hidden

    def _opening(self, shot: StateSnapshot) -> StateSnapshot:
        """The checkpoint that opened the run which this one closed, or itself."""
        above = checkpoint_id_of(shot.parent_config)
        closes = (shot.metadata or {}).get("source") == "loop" and above is not None
        return self._shot(above) if closes and above is not None else shot

    def code(self, page: Page, content: dict[str, Any]) -> None:
        """Answer with the Python that stores an edited state."""
        checkpoint_id = text_in(content, "checkpoint_id")
        if content.get("action") not in ("update", "rerun") or "value" not in content:
            raise BadMessageError("Code is written for an edited state.")
        shot = self._shot(checkpoint_id)
        value = content["value"]
        state = state_from_json(editable_type(self._run.workflow, shot.values), value)
        text = self._code.update(
            checkpoint_id,
            value,
            plain=type(state) is type(value) and not differences(state, value, limit=1),
            rerun=content["action"] == "rerun",
            force=self._is_newest(shot, frozenset(("interrupted",))),
        )
        request = text_in(content, "request")
        self._session.post(page, {"type": "code", "request": request, "text": text})

    # -- acting -------------------------------------------------------------------------------

    def go(self, page: Page, content: dict[str, Any]) -> None:
        """Take an action once, say what came of it, and let the page follow the run it began."""
        request = text_in(content, "request")
        act = _ACTIONS.get(str(content.get("action")))
        if act is None:
            raise BadMessageError("This action is not known to the kernel.")
        begun: list[BaseRun | None] = []
        press = {"submission": request, "interrupt_id": text_in(content, "checkpoint_id")}
        receipt = self._receipts.of(press, lambda one: begun.append(act(self, one, content)))
        run = begun[0] if begun else None
        outcome: Outcome = {
            "type": "outcome",
            "request": request,
            "status": receipt["status"],
            "message": receipt["message"],
            "errors": receipt["errors"],
            "follows": run is not None,
        }
        self._session.post(page, outcome)
        if run is not None:
            self._session.hand_over(page, run)

    def _fork(self, checkpoint_id: str, content: Mapping[str, Any]) -> BaseRun:
        sides = {side: text_in(content, side) for side in ("after", "before") if side in content}
        return self._run.fork(checkpoint_id=checkpoint_id, **sides)

    def _again(self, checkpoint_id: str, _content: Mapping[str, Any]) -> BaseRun:
        return self._run.again(checkpoint_id)

    def _resume(self, _checkpoint_id: str, _content: Mapping[str, Any]) -> BaseRun:
        run = self._run.workflow.thread(self._thread_id)
        run.resume()
        return run

    def _update(self, checkpoint_id: str, content: Mapping[str, Any]) -> None:
        self._stored(checkpoint_id, content)

    def _rerun(self, checkpoint_id: str, content: Mapping[str, Any]) -> BaseRun:
        workflow = self._run.workflow
        given = workflow.get_input(self._shot(checkpoint_id).config)
        return self._run.begin(given, self._stored(checkpoint_id, content))

    def _stored(self, checkpoint_id: str, content: Mapping[str, Any]) -> str:
        """Store the edited state; returns the id of the new checkpoint."""
        if "value" not in content:
            raise BadMessageError("An edited state needs a value.")
        shot = self._shot(checkpoint_id)
        kind = editable_type(self._run.workflow, shot.values)
        values = state_from_json(kind, content["value"])
        config = self._run.workflow.update_state(shot.config, values, force=True)
        return checkpoint_id_of(config) or ""


_Act = Callable[[PastServed, str, Mapping[str, Any]], "BaseRun | None"]

_ACTIONS: dict[str, _Act] = {
    "fork": PastServed._fork,
    "again": PastServed._again,
    "resume": PastServed._resume,
    "update": PastServed._update,
    "rerun": PastServed._rerun,
}


def _served(name: str) -> Callable[[Any, Page, dict[str, Any]], None]:
    def serve(session: Any, page: Page, content: dict[str, Any]) -> None:
        getattr(session.past, name)(page, content)

    return serve


serve_past: dict[str, Callable[[Any, Page, dict[str, Any]], None]] = {
    name: _served(name) for name in ("history", "checkpoint", "comparison", "code", "go")
}
"""What serves each kind of message about the past, in a session that has a ``past``."""
