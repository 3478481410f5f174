"""Workflows to kill: each notes what its tasks do, so that the record can be held against it.

``ran label`` is written when a task's code begins, ``saw label`` when its caller has the value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from nbflow import serde
from nbflow.checkpoint.base import BaseCheckpointSaver, OpRow
from nbflow.errors import OutcomeUnknownError
from nbflow.func import entrypoint, task
from nbflow.types import interrupt

__all__ = ["SHAPES", "Shape", "label_of"]

Note = Callable[[str], None]


class Shape(NamedTuple):
    make: Callable[[BaseCheckpointSaver, Note], Any]
    """The workflow; its input is a number."""
    value: Callable[[int], Any]
    """What it returns when nothing happens."""
    tasks: int
    """How many task calls it takes to get there."""
    width: int
    """How many of them may be under way at once."""
    at_most_once: bool = False


def label_of(op: OpRow) -> str:
    """What the notes call the task call that an op is of."""
    *args, _kwargs = serde.loads(op.args)
    return f"{op.name}{tuple(args)}"


def _next(so_far: int, n: int) -> int:
    return (so_far * 31 + n) % 1_000_003


def sequential(saver: BaseCheckpointSaver, note: Note) -> Any:
    @task
    def step(n: int, so_far: int) -> int:
        note(f"ran step{(n, so_far)}")
        return _next(so_far, n)

    @entrypoint(checkpointer=saver)
    def workflow(total: int) -> int:
        for n in range(60):
            before = total
            total = step(n, total).result()
            note(f"saw step{(n, before)}")
        return total

    return workflow


def sequential_value(total: int) -> int:
    for n in range(60):
        total = _next(total, n)
    return total


def parallel(saver: BaseCheckpointSaver, note: Note) -> Any:
    @task
    def part(wave: int, n: int, so_far: int) -> int:
        note(f"ran part{(wave, n, so_far)}")
        return _next(so_far, n)

    @entrypoint(checkpointer=saver)
    def workflow(total: int) -> int:
        for wave in range(6):
            parts = [part(wave, n, total) for n in range(8)]
            found = [one.result() for one in parts]
            for n in range(8):
                note(f"saw part{(wave, n, total)}")
            total = sum(found)
        return total

    return workflow


def parallel_value(total: int) -> int:
    for _ in range(6):
        total = sum(_next(total, n) for n in range(8))
    return total


def gathered(saver: BaseCheckpointSaver, note: Note) -> Any:
    @task
    async def part(wave: int, n: int, so_far: int) -> int:
        note(f"ran part{(wave, n, so_far)}")
        await asyncio.sleep(0)
        return _next(so_far, n)

    @entrypoint(checkpointer=saver)
    async def workflow(total: int) -> int:
        for wave in range(6):
            found = await asyncio.gather(*[part(wave, n, total) for n in range(8)])
            for n in range(8):
                note(f"saw part{(wave, n, total)}")
            total = sum(found)
        return total

    return workflow


def nested(saver: BaseCheckpointSaver, note: Note) -> Any:
    @task
    def leaf(a: int, b: int, c: int) -> int:
        note(f"ran leaf{(a, b, c)}")
        return _next(a, _next(b, c))

    @task
    def branch(a: int, b: int) -> int:
        note(f"ran branch{(a, b)}")
        leaves = [leaf(a, b, c) for c in range(3)]
        found = sum(one.result() for one in leaves)
        for c in range(3):
            note(f"saw leaf{(a, b, c)}")
        return found

    @task
    def tree(a: int) -> int:
        note(f"ran tree{(a,)}")
        found = 0
        for b in range(3):
            found += branch(a, b).result()
            note(f"saw branch{(a, b)}")
        return found

    @entrypoint(checkpointer=saver)
    def workflow(total: int) -> int:
        trees = [tree(a) for a in range(4)]
        found = sum(one.result() for one in trees)
        for a in range(4):
            note(f"saw tree{(a,)}")
        return total + found

    return workflow


def nested_value(total: int) -> int:
    return total + sum(_next(a, _next(b, c)) for a in range(4) for b in range(3) for c in range(3))


def payments(saver: BaseCheckpointSaver, note: Note) -> Any:
    @task(at_most_once=True)
    def pay(n: int) -> int:
        note(f"ran pay{(n,)}")
        return n

    @entrypoint(checkpointer=saver)
    def workflow(total: int) -> int:
        for n in range(40):
            try:
                pay(n).result()
            except OutcomeUnknownError:
                note(f"unknown pay{(n,)}")
            else:
                note(f"saw pay{(n,)}")
        return total

    return workflow


def questions(saver: BaseCheckpointSaver, note: Note) -> Any:
    @task
    def step(n: int, so_far: int) -> int:
        note(f"ran step{(n, so_far)}")
        return _next(so_far, n)

    @entrypoint(checkpointer=saver)
    def workflow(total: int) -> int:
        for n in range(10):
            before = total
            total = step(n, total).result()
            note(f"saw step{(n, before)}")
            total += interrupt(n)
        return total

    return workflow


def questions_value(total: int) -> int:
    for n in range(10):
        total = _next(total, n) + 1_000 * n
    return total


SHAPES = {
    "sequential": Shape(sequential, sequential_value, 60, 1),
    "parallel": Shape(parallel, parallel_value, 48, 8),
    "gathered": Shape(gathered, parallel_value, 48, 8),
    "nested": Shape(nested, nested_value, 52, 20),
    "payments": Shape(payments, lambda total: total, 40, 1, at_most_once=True),
    "questions": Shape(questions, questions_value, 10, 1),
}
