"""A program as Python source, the way a person would write it, and as a module."""

from __future__ import annotations

import importlib.abc
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from types import CodeType, ModuleType
from typing import Any

from nbflow.checkpoint.base import BaseCheckpointSaver
from tests.properties.program import (
    BOOM,
    CANCELLED,
    HANG,
    LATE,
    Arg,
    Ask,
    Back,
    Block,
    Branch,
    Call,
    Caught,
    Chained,
    Const,
    Dropped,
    Fan,
    Late,
    Loop,
    Pool,
    Program,
    Race,
    Statement,
    TaskDef,
    Together,
    Unawaited,
    callee,
    targets,
)
from tests.properties.world import World

__all__ = ["load", "source_of"]

_HEAD = """\
import asyncio
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context

from nbflow.func import entrypoint, task
from nbflow.types import RetryPolicy, interrupt
from tests.properties.world import Boom, Stumble

RETRY = RetryPolicy(initial_interval=0, max_attempts=5, jitter=False, retry_on=Stumble)
"""

_ASYNC_TASKS = f"""\
@task
async def {BOOM}(x):
    await pause()
    raise failure(x)


@task
async def {HANG}(x):
    await asyncio.Event().wait()


async def limited(limit, fn, *args):
    async with limit:
        return await fn(*args)


async def work_off(queue, got):
    while queue:
        fn, arg = queue.pop()
        got.append(await fn(arg))
"""

_PLAIN_TASKS = f"""\
@task
def {BOOM}(x):
    rest()
    raise failure(x)
"""


def source_of(program: Program, other: Program | None = None, *, threads: bool = False) -> str:
    """The program as a module's text.

    Args:
        other: what it does instead while ``flag()`` is true; its tasks have the same names.
        threads: every function is a plain one.
    """
    parts = [_HEAD, _PLAIN_TASKS if threads else _ASYNC_TASKS]
    writers = [_Writer(program, "", threads)]
    if other is not None:
        writers.append(_Writer(other, "_b", threads))
    for index, task in enumerate(program.tasks):
        parts += _task(writers, index, task, threads or task.plain)
    bodies = [
        writer.function("body", writer.program.main, len(program.tasks)) for writer in writers
    ]
    parts += [text for body in bodies for text in body]
    names = [f"body{writer.mark}" for writer in writers]
    call = f"{_either(names)}('', x)"
    wait, define = ("", "def") if threads else ("await ", "async def")
    parts.append(
        f"@entrypoint(checkpointer=saver)\n{define} workflow(x):\n    return {wait}{call}\n"
    )
    return "\n\n".join(parts)


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"({names[1]} if flag() else {names[0]})"


def _task(writers: list[_Writer], index: int, task: TaskDef, is_plain: bool) -> Iterator[str]:
    """A task, and before it the function that holds its body."""
    wait, define, rest = (
        ("", "def", "rest()") if is_plain else ("await ", "async def", "await pause()")
    )
    lines = [
        "@task(retry_policy=RETRY)" if task.stumbles else "@task",
        f"{define} {task.name}(x):",
        f"    {rest}",
    ]
    if index and task.body:
        for writer in writers:
            inner = replace(writer, threads=is_plain)
            body = inner.program.tasks[index].body
            yield from inner.function(f"in_{task.name}", body, index)
        names = [f"in_{task.name}{writer.mark}" for writer in writers]
        lines.append(f"    {wait}{_either(names)}(place({task.name!r}, x), x)")
    if task.stumbles:
        lines.append(f"    stumble({task.name!r}, x, {task.stumbles})")
    lines.append(f"    return made({task.name!r}, x)")
    yield "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Scope:
    block: Block
    at: int
    path: str
    """Where it is, as the inside of an f-string."""
    out: str
    given: str
    below: int
    depth: int

    @property
    def place(self) -> str:
        return f'f"{self.path}/{self.at}"'

    def part(self, index: int) -> str:
        return f'f"{self.path}/{self.at}.{index}"'

    def value(self, arg: Arg) -> str:
        earlier = targets(self.block, self.at)
        if isinstance(arg, Const):
            return str(arg.value)
        if isinstance(arg, Back) and earlier:
            return f"{self.out}[{earlier[arg.index % len(earlier)]}]"
        return self.given


@dataclass(frozen=True, slots=True)
class _Writer:
    program: Program
    mark: str
    """Told behind each function's name."""
    threads: bool
    """Whether it writes plain functions."""

    def function(self, name: str, block: Block, below: int) -> list[str]:
        """A function with this block, after those that it needs."""
        helpers: list[str] = []
        names = (f"{name}{self.mark}_{n}" for n in count(1))
        define, rest = ("def", "rest()") if self.threads else ("async def", "await pause()")
        lines = [f"{define} {name}{self.mark}(at, x):", "    out = []"]
        scope = _Scope(block, 0, "{at}", "out", "x", below, 0)
        for at in range(len(block)):
            body = self._lines(replace(scope, at=at), helpers, names)
            lines += [f"    {line}" for line in [rest, *body]]
        return [*helpers, "\n".join([*lines, "    return out"]) + "\n"]

    # -- statements ---------------------------------------------------------------------------

    def _lines(self, scope: _Scope, helpers: list[str], names: Iterator[str]) -> list[str]:
        one: Statement = scope.block[scope.at]
        match one:
            case Call():
                value = f"{self._seen(scope.place, one, scope, self._wait(self._call(one, scope)))}"
                return [f"{scope.out}.append({value})"]
            case Ask():
                asked = f"question({one.text}, {scope.value(one.arg)})"
                answered = (
                    f"heard({scope.place}, {asked}, interrupt(asking({scope.place}, {asked})))"
                )
                return [f"{scope.out}.append({answered})"]
            case Loop():
                return self._loop(one, scope, helpers, names)
            case Together():
                return self._together(one, scope, helpers, names)
            case Fan():
                return self._fan(one, scope)
            case Unawaited():
                return [self._call(one.call, scope), f"{scope.out}.append(None)"]
            case Race():
                return self._race(one, scope, helpers, names)
            case Pool():
                return self._pool(one, scope)
            case Chained():
                return self._chained(one, scope)
            case Caught() | Dropped() | Late():
                return self._guarded(one, scope)

    def _guarded(self, one: Caught | Dropped | Late, scope: _Scope) -> list[str]:
        out = scope.out
        if isinstance(one, Caught):
            arg = scope.value(one.arg)
            called = self._wait(f"{BOOM}({arg})")
            return [
                "try:",
                f"    {out}.append({called})",
                "except Boom as error:",
                f"    {out}.append(caught({scope.place}, {arg}, error))",
            ]
        if isinstance(one, Late):
            return self._late(one, scope)
        cancelled = f"{out}.append(same({scope.place}, {CANCELLED!r}))"
        seen = f"{out}.append({self._seen(scope.place, one.call, scope, self._wait('future'))})"
        begin = [f"future = {self._call(one.call, scope)}"]
        if one.late:
            begin.append("rest()" if self.threads else "await pause()")
        if self.threads:
            return [*begin, "if future.cancel():", f"    {cancelled}", "else:", f"    {seen}"]
        return [
            *begin, "future.cancel()", "try:", f"    {seen}",
            "except asyncio.CancelledError:", f"    {cancelled}",
        ]  # fmt: skip

    def _late(self, one: Late, scope: _Scope) -> list[str]:
        call = self._call(one.call, scope)
        if one.end == "never":
            call = f"{HANG}({scope.value(one.call.arg)})"
        limit = {"soon": "1_000_000", "close": "0.03", "never": "1"}[one.end]
        waited = f"await {call}"
        if one.how == "wait_for":
            waited = f"await asyncio.wait_for({call}, {limit})"
        line = f"{scope.out}.append({self._seen(scope.place, one.call, scope, waited)})"
        inner = [f"    {line}"]
        if one.how == "timeout":
            inner = [f"    async with asyncio.timeout({limit}):", f"        {line}"]
        late = f"    {scope.out}.append(same({scope.place}, {LATE!r}))"
        return ["try:", *inner, "except TimeoutError:", late]

    def _loop(
        self, one: Loop, scope: _Scope, helpers: list[str], names: Iterator[str]
    ) -> list[str]:
        depth = scope.depth + 1
        turn, out = f"i{depth}", f"out{depth}"
        inner = _Scope(
            one.block, 0, f"{scope.path}/{scope.at}.{{{turn}}}", out, turn, scope.below, depth
        )
        lines = [f"loop{depth} = []", f"for {turn} in range({one.count}):", f"    {out} = []"]
        for at in range(len(one.block)):
            lines += [f"    {line}" for line in self._lines(replace(inner, at=at), helpers, names)]
        return [*lines, f"    loop{depth}.append({out})", f"{scope.out}.append(loop{depth})"]

    def _fan(self, one: Fan, scope: _Scope) -> list[str]:
        order = list(range(len(one.calls)))
        turn = abs(one.turn) % len(order)
        order = order[turn:] + order[:turn]
        order = order[::-1] if one.turn < 0 else order
        calls = ", ".join(self._call(call, scope) for call in one.calls)
        lines = [f"futures = [{calls}]", "got = {}"]
        for i in order:
            waited = self._wait(f"futures[{i}]")
            lines.append(f"got[{i}] = {self._seen(scope.part(i), one.calls[i], scope, waited)}")
        return [*lines, f"{scope.out}.append([got[i] for i in range({len(order)})])"]

    def _together(
        self, one: Together, scope: _Scope, helpers: list[str], names: Iterator[str]
    ) -> list[str]:
        begun: list[str] = []
        branch = {"group": "group.create_task({})", "wait": "asyncio.ensure_future({})"}
        begin = "pool.submit(copy_context().run, {})" if self.threads else branch.get(one.how, "{}")
        for i, item in enumerate(one.items):
            if isinstance(item, Call) and (self.threads or one.how != "semaphore"):
                begun.append(self._call(item, scope))
                continue
            if isinstance(item, Call):
                name, args = self._name(item, scope), scope.value(item.arg)
            else:
                name = next(names)
                helpers += _Writer(self.program, "", self.threads).function(
                    name, item.block, scope.below
                )
                args = f"{scope.part(i)}, {scope.value(item.arg)}"
            if self.threads:
                begun.append(begin.format(f"{name}, {args}"))
            elif one.how == "semaphore":
                begun.append(f"limited(limit, {name}, {args})")
            else:
                begun.append(begin.format(f"{name}({args})"))
        listed = ", ".join(begun)
        waiting = _together_plain(listed, one.how) if self.threads else _together(listed, one.how)
        return [*waiting, f"{scope.out}.append({self._all_seen(one.items, scope, one.how)})"]

    def _all_seen(self, items: tuple[Call | Branch, ...], scope: _Scope, how: str) -> str:
        if how == "completed":
            calls = [i for i in items if isinstance(i, Call)]
            named = ", ".join(f"({self._name(c, scope)!r}, {scope.value(c.arg)})" for c in calls)
            return f"seen_among({scope.place}, [{named}], got)"
        values = [
            self._seen(scope.part(i), item, scope, f"got[{i}]")
            if isinstance(item, Call)
            else f"got[{i}]"
            for i, item in enumerate(items)
        ]
        return f"[{', '.join(values)}]"

    def _race(
        self, one: Race, scope: _Scope, helpers: list[str], names: Iterator[str]
    ) -> list[str]:
        begun: list[str] = []
        for i, item in enumerate(one.items):
            if isinstance(item, Call):
                begun.append(self._call(item, scope))
                continue
            name = next(names)
            helpers += _Writer(self.program, "", False).function(name, item.block, scope.below)
            args = f"{scope.part(i)}, {scope.value(item.arg)}"
            begun.append(f"asyncio.ensure_future({name}({args}))")
        return [
            f"racers = [{', '.join(begun)}]",
            "done, late = await asyncio.wait(racers, return_when=asyncio.FIRST_COMPLETED)",
            "for one in late:",
            "    one.cancel()",
            "if late:",
            "    await asyncio.wait(late)",
            "first = next(one for one in racers if one in done)",
            f"{scope.out}.append(first.result())",
        ]

    def _pool(self, one: Pool, scope: _Scope) -> list[str]:
        queue = ", ".join(f"({self._name(c, scope)}, {scope.value(c.arg)})" for c in one.calls)
        return [
            f"queue, got = [{queue}], []",
            f"await asyncio.gather(*[work_off(queue, got) for _ in range({one.workers})])",
            f"{scope.out}.append({self._all_seen(one.calls, scope, 'completed')})",
        ]

    def _chained(self, one: Chained, scope: _Scope) -> list[str]:
        begun = ", ".join(self._call(call, scope) for call in one.calls)
        then = self._name(one.then, scope)
        each = "as_completed" if self.threads else "asyncio.as_completed"
        first, second = self._wait("done"), self._wait(f"{then}(value)")
        return [
            "got = []",
            f"for done in {each}([{begun}]):",
            f"    value = {first}",
            f'    got.append(seen("?", {then!r}, value, {second}))',
            f"{scope.out}.append(seen_among({scope.place}, [], got))",
        ]

    # -- calls --------------------------------------------------------------------------------

    def _name(self, call: Call, scope: _Scope) -> str:
        return self.program.tasks[callee(self.program, call, scope.below)].name

    def _call(self, call: Call, scope: _Scope) -> str:
        return f"{self._name(call, scope)}({scope.value(call.arg)})"

    def _seen(self, place: str, call: Call, scope: _Scope, value: str) -> str:
        return f"seen({place}, {self._name(call, scope)!r}, {scope.value(call.arg)}, {value})"

    def _wait(self, future: str) -> str:
        return f"{future}.result()" if self.threads else f"await {future}"


def _together(listed: str, how: str) -> list[str]:
    """Wait on the event loop."""
    if how == "group":
        return [
            "async with asyncio.TaskGroup() as group:",
            f"    begun = [{listed}]",
            "got = [await one for one in begun]",
        ]
    if how == "wait":
        return [
            f"begun = [{listed}]",
            "late = set(begun)",
            "while late:",
            "    done, late = await asyncio.wait(late, return_when=asyncio.FIRST_COMPLETED)",
            "got = [one.result() for one in begun]",
        ]
    if how == "completed":
        return [
            "got = []",
            f"for done in asyncio.as_completed([{listed}]):",
            "    got.append(await done)",
        ]
    limit = ["limit = asyncio.Semaphore(1)"] if how == "semaphore" else []
    return [*limit, f"got = await asyncio.gather({listed})"]


def _together_plain(listed: str, how: str) -> list[str]:
    """Wait in a thread."""
    pooled = "pool.submit" in listed
    indent = "    " if pooled else ""
    waiting = "[one.result() for one in begun]"
    if how == "completed":
        waiting = "[one.result() for one in as_completed(begun)]"
    return [
        *(["with ThreadPoolExecutor(4) as pool:"] if pooled else []),
        f"{indent}begun = [{listed}]",
        f"got = {waiting}",
    ]


# -- modules ----------------------------------------------------------------------------------

_numbers = count(1)


class _FromText(importlib.abc.InspectLoader):
    """Loads a module whose source is at hand, so that tracebacks show it."""

    def __init__(self, text: str, filename: str) -> None:
        self._text = text
        self._filename = filename

    def get_source(self, fullname: str) -> str:
        return self._text

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._text, self._filename)

    def is_package(self, fullname: str) -> bool:
        return False


def load(text: str, world: World, saver: BaseCheckpointSaver) -> Any:
    """The workflow that a program's source defines."""
    from tests.properties.program import question

    name = f"program_{next(_numbers)}"
    spec = importlib.util.spec_from_loader(name, _FromText(text, "program.py"))
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    vars(module).update(
        saver=saver, pause=world.pause, rest=world.rest, made=world.made, seen=world.seen,
        seen_among=world.seen_among, heard=world.heard, asking=world.asking, caught=world.caught,
        same=world.same, stumble=world.stumble, place=world.place, failure=world.boom,
        question=question, flag=lambda: world.flag,
    )  # fmt: skip
    spec.loader.exec_module(module)
    return module.workflow
