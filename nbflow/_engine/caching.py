"""Results kept across runs and threads, for tasks and entrypoints with a cache policy (221-232).

What is kept is known by the task's name, the fingerprint of its code and the arguments, or the
user's ``key_func`` of them. Of equal calls at the same time one runs and the others take its
result. A task that asked a question is never kept: its result is an answer to this run alone.
"""

from __future__ import annotations

import dis
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from hashlib import blake2b
from types import FunctionType
from typing import TYPE_CHECKING, Any

from nbflow import serde
from nbflow._engine.fingerprint import Fingerprint, plain
from nbflow.errors import DeclarationError, NotSerializableError
from nbflow.types import CachePolicy

if TYPE_CHECKING:
    from nbflow.cache.base import BaseCache, FullKey

__all__ = ["Cacheable", "CachedCall", "Hit", "as_cache_policy"]


def as_cache_policy(policy: CachePolicy | None) -> CachePolicy | None:
    """The policy, looked at.

    Raises:
        DeclarationError: something else than a policy, or one that cannot be followed.
    """
    if policy is None:
        return None
    if not isinstance(policy, CachePolicy):
        raise DeclarationError(
            f"cache_policy= was given {policy!r}. Give a CachePolicy, such as CachePolicy(ttl=60)."
        )
    ttl: Any = policy.ttl
    key_func: Any = policy.key_func
    if ttl is not None and (not isinstance(ttl, int | float) or not ttl >= 0):
        raise DeclarationError(
            f"CachePolicy(ttl={ttl!r}) is no time. Give a number of seconds, 0 or more, or None "
            "to keep results for ever."
        )
    if key_func is not None and not callable(key_func):
        raise DeclarationError(
            f"CachePolicy(key_func={key_func!r}) cannot be called. Give a function that takes the "
            "task's arguments and returns a str or bytes."
        )
    return policy


class Hit:
    """A value found in the cache."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Cacheable:
    """What a function is in the cache: its name, its code as it is now, and its policy."""

    __slots__ = ("_fingerprint", "fn", "namespace", "policy")

    def __init__(self, fn: Callable[..., Any], name: str, policy: CachePolicy) -> None:
        self.fn = fn
        self.policy = policy
        self.namespace = ("nbflow", str(getattr(fn, "__module__", "")), name)
        self._fingerprint: Fingerprint | None = None

    def code(self) -> str:
        """Digest of the function, of what it reaches, and of the values that it closes over."""
        if self._fingerprint is None or not self._fingerprint.holds():
            self._fingerprint = Fingerprint(self.fn)
        digest = blake2b(self._fingerprint.digest, digest_size=16)
        for text in _read_values(self.fn):
            digest.update(text.encode(errors="surrogatepass") + b"\0")
        return digest.hexdigest()


def _read_values(fn: Any) -> Iterator[str]:
    """Plain values that a function closes over or reads from its module, and never sets."""
    while not isinstance(fn, FunctionType):
        inner = getattr(fn, "func", None) or getattr(fn, "__func__", None)
        if inner is None:
            return
        yield repr((plain(getattr(fn, "args", ())), plain(getattr(fn, "keywords", {}))))
        fn = inner
    code = fn.__code__
    set_here = {i.argval for i in dis.get_instructions(code) if i.opname.startswith("STORE_")}
    for name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True):
        if name in set_here:
            continue
        try:
            yield f"{name}={plain(cell.cell_contents)!r}"
        except ValueError:
            continue
    for name in sorted(set(code.co_names) - set_here):
        value = fn.__globals__.get(name)
        if isinstance(value, str | bytes | bool | int | float | complex | tuple | frozenset):
            yield f"{name}={plain(value)!r}"


class CachedCall:
    """One call that may find its result in the cache, or leave it there."""

    __slots__ = ("_cache", "_flight", "_key", "_ttl")

    def __init__(self, cache: BaseCache[Any], key: FullKey, ttl: float | None) -> None:
        self._cache = cache
        self._key = key
        self._ttl = ttl
        self._flight: Future[None] | None = None
        """Set while this call runs the function for itself and for equal ones."""

    @classmethod
    def of(
        cls,
        cache: BaseCache[Any],
        called: Cacheable,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        besides: tuple[Any, ...] = (),
    ) -> CachedCall | None:
        """None for arguments that tell nothing of themselves; a warning says so.

        Args:
            besides: what the result depends on, too, and a ``key_func`` is not given.

        Raises:
            DeclarationError: the policy's ``key_func`` returned no key.
            Exception: what it raised.
        """
        policy = called.policy
        try:
            if policy.key_func is not None:
                key = _as_key(policy.key_func(*args, **kwargs), called.namespace[-1])
            else:
                serde.dumps((args, kwargs))
                key = serde.digest_source(args, kwargs).hex()
            if besides:
                serde.dumps(besides)
                key = f"{key}:{serde.digest_source(besides, {}).hex()}"
        except NotSerializableError as refused:
            warnings.warn(
                f"{called.namespace[-1]!r} is not cached: its arguments cannot be told apart "
                f"({refused}). Give CachePolicy(key_func=...).",
                stacklevel=6,
            )
            return None
        return cls(cache, (called.namespace, f"{called.code()}:{key}"), policy.ttl)

    def look(self) -> Iterator[Future[None] | Hit]:
        """Yields what to wait for, again and again, and a hit; ends when the function is to run."""
        while True:
            found = self._cache.get([self._key])
            if self._key in found:
                yield Hit(found[self._key])
                return
            with _lock:
                flight = _flights.get(self._place)
                if flight is None:
                    self._flight = _flights[self._place] = Future()
                    return
            yield flight

    def keep(self, value: Any) -> None:
        """Leave the result for others."""
        try:
            self._cache.set({self._key: (value, self._ttl)})
        except Exception as fault:
            warnings.warn(f"A result could not be cached: {fault}", stacklevel=6)
        self.land()

    def land(self) -> None:
        """Let equal calls go on, which look again."""
        flight, self._flight = self._flight, None
        if flight is None:
            return
        with _lock:
            _flights.pop(self._place, None)
        flight.set_result(None)

    @property
    def _place(self) -> tuple[int, FullKey]:
        return id(self._cache), self._key


def _as_key(made: Any, name: str) -> str:
    """What a ``key_func`` returned, as text."""
    if isinstance(made, str):
        return made
    if isinstance(made, bytes | bytearray | memoryview):
        return made.hex()
    raise DeclarationError(
        f"The key_func of {name!r} returned {made!r}, which is no key. Return a str or bytes, for "
        "example str(value)."
    )


_lock = threading.Lock()
_flights: dict[tuple[int, Any], Future[None]] = {}
"""Calls under way, by cache and key."""
