"""One edit of a program, as a person makes it between a question and its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from tests.properties.program import (
    Arg,
    Ask,
    Block,
    Branch,
    Call,
    Caught,
    Chained,
    Dropped,
    Fan,
    Late,
    Loop,
    Pool,
    Program,
    Race,
    Statement,
    Together,
    Unawaited,
)

__all__ = ["Edit", "Kind", "edited"]

Kind = Literal["insert", "remove", "swap", "argument", "callee", "reword", "branches", "rename"]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is changed, and where: every number is taken modulo what there is."""

    kind: Kind
    block: int
    at: int
    statement: Statement
    """What an insertion inserts."""
    arg: Arg


def edited(program: Program, edit: Edit) -> Program:
    """The program after the edit; equal to it when there is nothing of that kind to change."""
    if edit.kind == "rename":
        index = edit.block % len(program.tasks)
        task = program.tasks[index]
        tasks = list(program.tasks)
        tasks[index] = replace(task, name=f"{task.name}_renamed")
        return replace(program, tasks=tuple(tasks))
    walk = _Walk(edit.block % _count(program), lambda block: _changed(block, edit))
    main = walk.over(program.main)
    tasks = [
        replace(task, body=walk.over(task.body)) if index else task
        for index, task in enumerate(program.tasks)
    ]
    return Program(tuple(tasks), main)


def _count(program: Program) -> int:
    walk = _Walk(-1, lambda block: block)
    walk.over(program.main)
    for task in program.tasks[1:]:
        walk.over(task.body)
    return walk.passed


class _Walk:
    """Passes over all blocks in order and changes one."""

    def __init__(self, wanted: int, change: Callable[[Block], Block]) -> None:
        self.passed = 0
        self._wanted = wanted
        self._change = change

    def over(self, block: Block) -> Block:
        number, self.passed = self.passed, self.passed + 1
        inside = tuple(self._inside(one) for one in block)
        return self._change(inside) if number == self._wanted else inside

    def _inside(self, one: Statement) -> Statement:
        if isinstance(one, Loop):
            return replace(one, block=self.over(one.block))
        if isinstance(one, Together | Race):
            return replace(one, items=tuple(self._item(item) for item in one.items))
        return one

    def _item(self, item: Call | Branch) -> Call | Branch:
        return replace(item, block=self.over(item.block)) if isinstance(item, Branch) else item


def _changed(block: Block, edit: Edit) -> Block:
    at = edit.at % (len(block) + (edit.kind == "insert"))
    if edit.kind == "insert":
        return (*block[:at], edit.statement, *block[at:])
    if edit.kind == "remove":
        return (*block[:at], *block[at + 1 :]) if len(block) > 1 else block
    if edit.kind == "swap":
        other = (at + 1) % len(block)
        order = list(block)
        order[at], order[other] = order[other], order[at]
        return tuple(order)
    return (*block[:at], _changed_statement(block[at], edit), *block[at + 1 :])


def _changed_statement(one: Statement, edit: Edit) -> Statement:
    if isinstance(one, Ask):
        if edit.kind == "reword":
            return replace(one, text=one.text + 1)
        return replace(one, arg=edit.arg) if edit.kind == "argument" else one
    if isinstance(one, Call):
        return _changed_call(one, edit)
    if isinstance(one, Caught):
        return replace(one, arg=edit.arg) if edit.kind == "argument" else one
    if isinstance(one, Together | Race):
        if edit.kind == "branches":
            return replace(one, items=one.items[1:] + one.items[:1])
        first, *others = one.items
        if isinstance(first, Branch):
            changed: Call | Branch = first
            if edit.kind == "argument":
                changed = replace(first, arg=edit.arg)
        else:
            changed = _changed_call(first, edit)
        return replace(one, items=(changed, *others))
    if isinstance(one, Fan | Pool | Chained):
        calls = one.calls[1:] + one.calls[:1]
        if edit.kind != "branches":
            calls = (_changed_call(one.calls[0], edit), *one.calls[1:])
        return replace(one, calls=calls)
    if isinstance(one, Unawaited | Dropped | Late):
        return replace(one, call=_changed_call(one.call, edit))
    return one


def _changed_call(call: Call, edit: Edit) -> Call:
    if edit.kind == "argument":
        return replace(call, arg=edit.arg)
    return replace(call, task=call.task + 1) if edit.kind == "callee" else call
