"""How what a task says reaches the run while an executor runs it.

In the process of the run it is heard at once. An ``Ear`` that is sent to another process arrives
there as a ``Line``: a connection to this machine's loopback address, which only those can open whom
the key was sent to. The workers of Dask use the events of their cluster.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import pickle
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from contextlib import suppress
from functools import cache
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from nbflow._engine.sent import Body, Sealed, dumps
from nbflow.executors import NotSendableError

if TYPE_CHECKING:
    from nbflow._engine.frame import Frame

__all__ = ["Courier", "Ear", "Line", "courier_to"]

_log = logging.getLogger(__name__)

_TOKEN_BYTES = 16


class Ear:
    """Takes what the code of one attempt says, from any thread, until the attempt is over."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.token = secrets.token_bytes(_TOKEN_BYTES)
        """Stands for it in other processes."""

    def __call__(self, what: str, *args: Any, **kwargs: Any) -> None:
        frame, op = self._frame, self._frame.op
        if frame.over or op.frame is not frame:
            return
        heard: dict[str, Callable[..., None]] = {
            "write": op.write, "write_token": op.write_token, "write_printed": op.write_printed,
            "heartbeat": frame.heartbeat,
        }  # fmt: skip
        heard[what](*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return Line, (*_exchange.open_for(self), self.token)

    def close(self) -> None:
        """The attempt is over."""
        _exchange.forget(self)


class Line:
    """The other end, in a process of the same machine; what was said was heard when it returns."""

    def __init__(self, address: Any, key: bytes, token: bytes) -> None:
        self._address = address
        self._key = key
        self._token = token

    def __call__(self, what: str, *args: Any, **kwargs: Any) -> None:
        fault = _wire(self._address, self._key).tell(self._token, dumps((what, args, kwargs)))
        if fault:
            raise NotSendableError(
                f"The run cannot read what the task sent it: {fault}. Send plain data."
            )


class _Wire:
    """A worker's connection to the run's process, for all tasks that it gets from there."""

    def __init__(self, address: Any, key: bytes) -> None:
        self._talking = threading.Lock()
        self._connection = Client(address, authkey=key)

    def tell(self, token: bytes, said: bytes) -> str:
        """Wait until it was heard; returns what was wrong with it, or nothing."""
        with self._talking:
            self._connection.send_bytes(token + said)
            return self._connection.recv_bytes().decode()


_wire = cache(_Wire)


class _Exchange:
    """Where the lines of other processes come in; one for all runs of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self._key = secrets.token_bytes(32)
        self._ears: dict[bytes, Ear] = {}

    def open_for(self, ear: Ear) -> tuple[Any, bytes]:
        """The address and the key that lead to an ear; opened on first use."""
        with self._lock:
            self._ears[ear.token] = ear
            if self._listener is None:
                self._listener = Listener(("127.0.0.1", 0), backlog=64)
                threading.Thread(
                    target=self._accept, args=(self._listener,), name="nbflow-lines", daemon=True
                ).start()
            return self._listener.address, self._key

    def forget(self, ear: Ear) -> None:
        with self._lock:
            self._ears.pop(ear.token, None)

    def _accept(self, listener: Listener) -> None:
        while True:
            try:
                connection = listener.accept()
            except OSError:
                continue
            threading.Thread(
                target=self._serve, args=(connection,), name="nbflow-line", daemon=True
            ).start()

    def _serve(self, connection: Connection[Any, Any]) -> None:
        with connection, suppress(AuthenticationError, EOFError, OSError):
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            while True:
                said = connection.recv_bytes()
                ear = self._ears.get(said[:_TOKEN_BYTES])
                fault = "" if ear is None else _heard(ear, said[_TOKEN_BYTES:])
                connection.send_bytes(fault.encode())


def _heard(ear: Ear, said: bytes) -> str:
    """Hand on what was said; returns why that cannot be, or nothing."""
    try:
        what, args, kwargs = pickle.loads(said)  # noqa: S301  # as the run's own worker sent it
    except Exception as exc:
        return f"{type(exc).__name__}: {exc}"
    ear(what, *args, **kwargs)
    return ""


_exchange = _Exchange()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_exchange.__init__)  # type: ignore[misc]  # it begins anew


class Courier:
    """Brings bodies to an executor, and gives them an ear; this one to any executor."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def ear(self, frame: Frame) -> Ear:
        return Ear(frame)

    def send(self, body: Body) -> Future[Any]:
        """Raises: whatever the executor does; NotSendableError."""
        return self._executor.submit(body)


# -- Dask -----------------------------------------------------------------------------------------


def courier_to(executor: Executor) -> Courier:
    """The one that knows the executor best."""
    if type(executor).__module__ == "distributed.cfexecutor":
        return _ToDask(executor)
    return Courier(executor)


class _ToDask(Courier):
    def ear(self, frame: Frame) -> Ear:
        return _DaskEar(frame, _subscription(self._executor._client))  # type: ignore[attr-defined]

    def send(self, body: Body) -> Future[Any]:
        """As bytes to workers in this process, too; and no two calls are one.

        The executor's own futures wait for the scheduler when they are cancelled, one by one, and
        trip over results that come all the same.
        """
        executor: Any = self._executor
        if executor._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        client, options = executor._client, {**executor._kwargs, "pure": False}
        theirs = client.submit(Sealed(body.name, body.sealed()), **options)
        future: Future[Any] = Future()
        future.add_done_callback(lambda _: theirs.release())
        client.loop.add_callback(_bring, theirs, future)
        return future


async def _bring(theirs: Any, future: Future[Any]) -> None:
    """On the client's loop: what came of a task, unless it was given up meanwhile."""
    with suppress(InvalidStateError):
        try:
            future.set_result(await theirs)
        except (asyncio.CancelledError, CancelledError):
            future.cancel()
        except Exception as exc:
            future.set_exception(exc)


class _Subscription:
    """What a client of Dask's hears of the tasks that went through it."""

    def __init__(self) -> None:
        self.topic = f"nbflow-{secrets.token_hex(8)}"
        self.ears: dict[bytes, Ear] = {}

    def hear(self, event: tuple[float, Any]) -> None:
        token, said = event[1]
        ear = self.ears.get(token)
        if ear is not None and (fault := _heard(ear, said)):
            _log.warning("What a task sent cannot be read: %s", fault)


_subscriptions: WeakKeyDictionary[Any, _Subscription] = WeakKeyDictionary()
_subscribing = threading.Lock()


def _subscription(client: Any) -> _Subscription:
    with _subscribing:
        found = _subscriptions.get(client)
        if found is None:
            found = _Subscription()
            client.subscribe_topic(found.topic, found.hear)
            _subscriptions[client] = found
        return found


class _DaskEar(Ear):
    def __init__(self, frame: Frame, subscription: _Subscription) -> None:
        super().__init__(frame)
        self._subscription = subscription
        subscription.ears[self.token] = self

    def __reduce__(self) -> tuple[Any, ...]:
        return _DaskLine, (self._subscription.topic, self.token)

    def close(self) -> None:
        self._subscription.ears.pop(self.token, None)


class _DaskLine(Line):
    """The other end, in a worker of Dask's: heard in the order in which it was said, and before
    the task's result."""

    def __init__(self, topic: str, token: bytes) -> None:
        self._topic = topic
        self._token = token
        self._worker = importlib.import_module("distributed").get_worker()

    def __call__(self, what: str, *args: Any, **kwargs: Any) -> None:
        self._worker.log_event(self._topic, [self._token, dumps((what, args, kwargs))])
