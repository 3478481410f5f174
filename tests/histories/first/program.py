"""The program that made the threads beside it. It is never edited: its record is the test."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from nbflow.func import entrypoint, task
from nbflow.types import RetryPolicy, interrupt

ran: Counter[str] = Counter()
"""How often the function of each task was called in this process."""
broken: list[bool] = [False]
"""Whether the printer is out of paper."""

AGAIN = RetryPolicy(initial_interval=0, max_attempts=3, jitter=False, retry_on=OSError)


@dataclass
class Draft:
    text: str
    words: int


class NoPaperError(Exception):
    """The printer says so."""


@task
def compose(topic: str) -> Draft:
    ran["compose"] += 1
    return Draft(f"On {topic}", 2)


@task
def weigh(n: int) -> float:
    ran["weigh"] += 1
    return n / 3


@task(retry_policy=AGAIN)
def send(to: str) -> dt.datetime:
    ran["send"] += 1
    if ran["send"] % 2:
        raise OSError("the line is busy")
    return dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)


@task
def print_out(text: str) -> tuple[str, bytes]:
    ran["print_out"] += 1
    if broken[0]:
        raise NoPaperError("no paper", 3)
    return text, b"\x00\xff" * 600


@task
async def look_up(name: str) -> dict[str, Any]:
    ran["look_up"] += 1
    await asyncio.sleep(0)
    return {"name": name, "known": None, "since": dt.date(2001, 2, 3)}


@entrypoint(checkpointer=True)
def count(n: int, *, previous: int | None = None) -> int:
    return n + (previous or 0)


def desk(saver: Any) -> Any:
    """A plain workflow: tasks one after another and together, a retry, a failure, two questions."""

    @entrypoint(checkpointer=saver)
    def desk(topic: str, *, previous: Any = None) -> Any:
        draft = compose(topic).result()
        weights = [future.result() for future in [weigh(n) for n in range(4)]]
        total = count.invoke(len(weights))
        sent = send("editor").result()
        first = interrupt({"question": "Publish?", "draft": draft.text}, response_schema=bool)
        try:
            printed = print_out(draft.text).result()
        except NoPaperError as fault:
            printed = ("not printed", *fault.args)
        second = interrupt("Title?")
        return entrypoint.final(
            value=[draft, weights, total, sent, first, printed, second, previous],
            save={"topic": topic, "title": second},
        )

    return desk


def post(saver: Any) -> Any:
    """An async one, whose questions are open at the same time."""

    @entrypoint(checkpointer=saver)
    async def post(names: list[str]) -> Any:
        async def one(name: str) -> Any:
            found = await look_up(name)
            return found, interrupt(f"Write to {name}?")

        return await asyncio.gather(*[one(name) for name in names])

    return post


def printer(saver: Any) -> Any:
    """One that fails, and is continued."""

    @entrypoint(checkpointer=saver)
    def printer(text: str) -> Any:
        draft = compose(text).result()
        return draft, print_out(draft.text).result()

    return printer
