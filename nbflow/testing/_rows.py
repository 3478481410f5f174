"""Rows of threads to store, and what is stored of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, OpRow, RunRow

__all__ = ["BIG", "a_checkpoint", "a_run", "an_op", "begun", "contents", "shown"]

BIG = bytes(range(256)) * 40


def a_run(number: int = 1, thread_id: str = "t", ns: str = "", **changed: Any) -> RunRow:
    values: dict[str, Any] = {
        "id": f"{number:032x}", "thread_id": thread_id, "ns": ns, "base": None,
        "parent_run": None, "upto": 0, "workflow": "essay", "code_fp": b"\x01" * 16, "fmt": 1,
        "input": b"\xa2hi", "meta": b"\x80", "ts": 12.5,
    }  # fmt: skip
    return RunRow(**{**values, **changed})


def a_checkpoint(name: str, thread_id: str = "t", ns: str = "", **changed: Any) -> CheckpointRow:
    values: dict[str, Any] = {
        "id": name, "thread_id": thread_id, "ns": ns, "parent": None, "run": None,
        "source": "input", "step": -1, "saved": None, "returned": None, "meta": b"\x80",
        "ts": 13.5,
    }  # fmt: skip
    return CheckpointRow(**{**values, **changed})


def an_op(kind: str = "result", key: int = 1, **changed: Any) -> OpRow:
    values: dict[str, Any] = {
        "kind": kind, "key": key.to_bytes(16, "big"), "parent": b"\0" * 16, "name": "step",
        "args": b"\x91\x80", "lane": "0", "n": 2, "value": b"\xa5hello", "attempt": 1, "gen": 0,
        "ts": 14.25, "dur": 0.5, "site": "essay.py:12",
    }  # fmt: skip
    return OpRow(**{**values, **changed})


def shown(op: OpRow) -> dict[str, Any]:
    return {name: getattr(op, name) for name in OpRow.__slots__}


def begun(
    saver: BaseCheckpointSaver, run: RunRow | None = None, expected: int | None = None
) -> tuple[RunRow, int]:
    run = run or a_run()
    opening = a_checkpoint(f"open-{run.id[-4:]}", run.thread_id, run.ns, run=run.id)
    return run, saver.begin_run(run, opening, "host/1/0/x", expected)


def contents(saver: BaseCheckpointSaver, run: RunRow) -> Any:
    return (
        saver.get_thread(run.thread_id, run.ns),
        [shown(op) for op in saver.get_ops(run.id)],
        [asdict(c) for c in saver.list_checkpoints(run.thread_id, run.ns)],
    )
