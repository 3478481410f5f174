"""Policies, and what a run offers to its code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_type

from nbflow.cache.memory import InMemoryCache
from nbflow.config import (
    RunnableConfig,
    get_config,
    get_store,
    get_stream_writer,
    get_token_writer,
)
from nbflow.func import entrypoint, task
from nbflow.runtime import ExecutionInfo, RunControl, Runtime, get_runtime
from nbflow.store.base import BaseStore
from nbflow.types import (
    CachePolicy,
    RetryPolicy,
    StreamWriter,
    TimeoutPolicy,
    TokenWriter,
    default_retry_on,
)


@dataclass
class Reader:
    name: str


def is_worth_it(exc: Exception) -> bool:
    return default_retry_on(exc)


@task(
    retry_policy=[RetryPolicy(max_attempts=5, retry_on=is_worth_it), RetryPolicy()],
    cache_policy=CachePolicy(key_func=str, ttl=60),
)
def square(n: int) -> int:
    return n * n


@task(timeout=timedelta(seconds=3))
async def cube(n: int) -> int:
    return n**3


@entrypoint(
    cache=InMemoryCache(),
    context_schema=Reader,
    retry_policy=RetryPolicy(retry_on=(ConnectionError, TimeoutError)),
    timeout=TimeoutPolicy(run_timeout=30, idle_timeout=timedelta(seconds=5)),
)
async def workflow(n: int, runtime: Runtime[Reader]) -> int:
    assert_type(runtime.context, Reader)
    assert_type(runtime.store, BaseStore | None)
    assert_type(runtime.execution_info, ExecutionInfo | None)
    print(runtime.context.age)  # error: [attr-defined]
    return await square(n) + await cube(n)


def policies() -> None:
    RetryPolicy(max_attempts="3")  # error: [arg-type]
    RetryPolicy(attempts=3)  # error: [call-arg]
    RetryPolicy(retry_on="ValueError")  # error: [arg-type]
    CachePolicy(ttl="60")  # error: [arg-type]
    TimeoutPolicy(refresh_on="never")  # error: [arg-type]
    task(timeout="3 s")  # error: [call-overload]
    RetryPolicy().max_attempts = 3  # error: [misc]


def running() -> None:
    assert_type(get_runtime(Reader).context, Reader)
    assert_type(get_runtime().context, Any)
    assert_type(get_runtime(Reader).override(previous=3), Runtime[Reader])
    assert_type(get_config(), RunnableConfig)
    assert_type(get_store(), BaseStore)
    assert_type(get_stream_writer(), StreamWriter)
    assert_type(get_token_writer(), TokenWriter)
    get_stream_writer()({"done": 1})
    get_token_writer()("Hello ", id="1", speaker="ada")
    get_runtime(Reader).context = Reader("ada")  # error: [misc]
    get_stream_writer()()  # error: [call-arg]
    get_token_writer()(3)  # error: [arg-type]


def called() -> None:
    control = RunControl()
    workflow.invoke(3, context=Reader("ada"), control=control)
    assert_type(control.drain_reason, str | None)
    control.request_drain(3)  # error: [arg-type]
