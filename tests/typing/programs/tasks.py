"""``@task`` keeps parameters and results."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
from collections.abc import Callable
from typing import Any, assert_type

from nbflow.cache.memory import InMemoryCache
from nbflow.func import Task, task


@task
def words(text: str, minimum: int = 1) -> list[str]:
    return [word for word in text.split() if len(word) >= minimum]


@task(name="fetch page")
async def fetch(url: str) -> bytes:
    return url.encode()


@task()
def nothing() -> None:
    return None


class Writer:
    @task
    def draft(self, topic: str) -> str:
        return topic

    @task
    async def send(self, text: str, *, urgent: bool = False) -> int:
        return len(text)

    def plain(self, topic: str) -> str:
        return topic


def ratio(part: int, whole: int) -> float:
    return part / whole


async def later(part: int, whole: int) -> float:
    return part / whole


def declared() -> None:
    accepted: Callable[[str], object] = words
    of_some_task: Task[..., bytes] = fetch
    assert_type(words.name, str)
    assert_type(words.func("tea"), Any)
    words.clear_cache(InMemoryCache())
    words.clear_cache({})  # error: [arg-type]
    refused: Callable[[int], object] = words  # error: [assignment]
    task(3)  # error: [call-overload]
    task(retries=3)  # error: [call-overload]
    print(of_some_task, accepted, refused)


def called() -> None:
    assert_type(words("a cup of tea").result(), list[str])
    assert_type(words("a cup of tea", minimum=3).result(timeout=1.5), list[str])
    assert_type(fetch("page").result(), bytes)
    assert_type(nothing().result(), None)
    assert_type([words(text).result() for text in ("tea", "coffee")], list[list[str]])
    assert_type(words("tea").exception(), BaseException | None)
    assert_type(words("tea").cancel(), bool)
    words(3)  # error: [arg-type]
    words()  # error: [call-arg]
    words("tea", most=3)  # error: [call-arg]
    words("tea").result().upper()  # error: [attr-defined]
    words("tea").upper()  # error: [attr-defined]


async def awaited() -> None:
    assert_type(await words("tea"), list[str])
    assert_type(await fetch("page"), bytes)
    assert_type(await asyncio.gather(words("tea"), fetch("page")), tuple[list[str], bytes])
    assert_type(await asyncio.gather(*[fetch(url) for url in ("a", "b")]), list[bytes])
    text: str = await fetch("page")  # error: [assignment]
    print(text)


def several() -> None:
    futures = [words("tea"), words("coffee")]
    done = concurrent.futures.wait(futures).done
    assert_type([future.result() for future in done], list[list[str]])
    for future in concurrent.futures.as_completed(futures):
        assert_type(future.result(), list[str])


def of_methods(writer: Writer) -> None:
    assert_type(writer.draft("tea").result(), str)
    assert_type(writer.send("tea", urgent=True).result(), int)
    assert_type(Writer.draft(writer, "tea").result(), str)
    assert_type(task(writer.plain)("tea").result(), str)
    assert_type(task(Writer().plain, name="other")("tea").result(), str)
    writer.draft(3)  # error: [arg-type]
    writer.draft()  # error: [call-arg]
    writer.send("tea", urgent="yes")  # error: [arg-type]


def of_partials_lambdas_builtins() -> None:
    assert_type(task(functools.partial(ratio, 1))(2).result(), float)
    assert_type(task(functools.partial(later, 1), name="later")(2).result(), float)
    assert_type(task(len)([1, 2]).result(), int)
    assert_type(task(lambda: "tea")().result(), str)
    task(len)(3)  # error: [arg-type]
