"""Whether the code is the code that made a record.

The fingerprint covers the entrypoint and every function, task and workflow of the user's that it
names, however deep: their bytecode and constants, not their line numbers. Library code is left
out. On the way, classes that the code names are made known to the codec, since data never names
what it wants imported.
"""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Callable, Iterator
from hashlib import blake2b
from types import CodeType, FunctionType, ModuleType
from typing import Any

from nbflow import serde
from nbflow._engine.failures import know_exception

__all__ = ["Fingerprint", "plain"]

_MISSING = object()
_LIMIT = 2_000

_libraries = tuple(
    {
        path
        for path in (
            *sysconfig.get_paths().values(),
            *site.getsitepackages(),
            __file__.rsplit("_engine", 1)[0],
        )
        if path and path != sys.prefix
    }
)


class Fingerprint:
    """A digest of the code that a function can reach, good until one of its names is rebound."""

    __slots__ = ("_bindings", "digest")

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._bindings: list[tuple[dict[str, Any], str, Any]] = []
        hasher = blake2b(digest_size=16)
        for text in self._walk(fn):
            hasher.update(text.encode(errors="surrogatepass"))
            hasher.update(b"\0")
        self.digest = hasher.digest()

    def holds(self) -> bool:
        """Whether every name still means what it did."""
        return all(space.get(name, _MISSING) is value for space, name, value in self._bindings)

    def _walk(self, fn: Any) -> Iterator[str]:
        todo: list[Any] = [fn]
        seen: set[int] = set()
        while todo and len(seen) < _LIMIT:
            function = _function_in(todo.pop())
            if function is None or id(function.__code__) in seen:
                continue
            code = function.__code__
            seen.add(id(code))
            serde.register_annotations(function)
            yield from _texts(code)
            yield repr(plain(function.__defaults__)) + repr(plain(function.__kwdefaults__))
            for cell in function.__closure__ or ():
                try:
                    todo.append(cell.cell_contents)
                except ValueError:
                    continue
            space = function.__globals__
            for name in sorted(_names(code)):
                value = space.get(name, _MISSING)
                if value is _MISSING:
                    continue
                self._bindings.append((space, name, value))
                if isinstance(value, type):
                    _know(value)
                    todo += [v for v in vars(value).values() if _is_users(v)]
                elif isinstance(value, ModuleType):
                    self._enter(value, code, todo)
                elif _is_users(value):
                    todo.append(value)

    def _enter(self, module: ModuleType, code: CodeType, todo: list[Any]) -> None:
        """Follow what the code names of a module of the user's."""
        if (getattr(module, "__file__", None) or _libraries[0]).startswith(_libraries):
            return
        space = vars(module)
        for name in sorted(_names(code)):
            value = space.get(name, _MISSING)
            if value is not _MISSING and _is_users(value):
                self._bindings.append((space, name, value))
                todo.append(value)


def _function_in(value: Any) -> FunctionType | None:
    """The plain function inside a task, workflow, partial, method or callable object."""
    for _ in range(8):
        if isinstance(value, FunctionType):
            return value
        if isinstance(value, type):
            return None
        inner = getattr(value, "__wrapped__", None) or getattr(value, "func", None)
        inner = inner or getattr(value, "__func__", None)
        if inner is None:
            call = getattr(type(value), "__call__", None)  # noqa: B004  # the method is wanted
            return call if isinstance(call, FunctionType) and _is_users(call) else None
        value = inner
    return None


def _is_users(value: Any) -> bool:
    function = _function_in(value)
    return function is not None and not function.__code__.co_filename.startswith(_libraries)


def _know(kind: type) -> None:
    if issubclass(kind, BaseException):
        know_exception(kind)
    elif kind.__module__ != "builtins":
        serde.register(kind)


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for const in code.co_consts:
        if isinstance(const, CodeType):
            names |= _names(const)
    return names


def _texts(code: CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars))
    docstring = code.co_consts[0] if code.co_consts else None
    for at, const in enumerate(code.co_consts):
        if isinstance(const, CodeType):
            yield from _texts(const)
        elif at or const is not docstring or not isinstance(const, str):
            yield repr(plain(const))


def plain(const: Any) -> Any:
    """A constant whose ``repr`` is the same in every process."""
    if isinstance(const, frozenset):
        return sorted(map(repr, const))
    if isinstance(const, tuple):
        return [plain(c) for c in const]
    if isinstance(const, dict):
        return {k: plain(v) for k, v in const.items()}
    if const is None or isinstance(const, str | bytes | bool | int | float | complex):
        return const
    return f"<{type(const).__qualname__}>"
