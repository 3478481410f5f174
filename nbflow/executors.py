"""Tasks that run elsewhere: ``executor=`` on a task, an entrypoint or a run.

It takes any :class:`concurrent.futures.Executor`: threads, processes, or a cluster of Dask's by
``Client.get_executor()`` (the extra ``dask``). The function of a plain task runs there, and nothing
else: identity, replay, retries, caching, limits, events and commits stay with the run, so a
finished task never runs again, wherever it ran. A task's own executor counts first, then that of
the run (``config={"executor": ...}``), then that of the entrypoint. Async tasks, and the functions
of entrypoints, stay on their loop or thread.

Inside such a task

- ``get_stream_writer()``, ``get_token_writer()``, ``get_print_writer()`` and
  ``runtime.heartbeat()`` reach the run while the task works, from other processes of this machine
  and from the workers of Dask; what ``print`` prints there, stays there. ``get_config()`` and
  ``runtime`` have what the call was given, the attempt, and the context.
- Callbacks, ``previous``, the store and the control stay with the run. ``nbflow.now()`` and its
  like are not recorded; the task's result is.
- ``interrupt()`` and calls of tasks and workflows raise :class:`InExecutorError`: a worker that
  waited for a person or another task would be taken from the executor.

What goes to another process is pickled, and with cloudpickle installed that holds functions of a
notebook and inner ones, too. The process is the user's own; nothing of that is stored. A worker
that is lost fails its task with the executor's exception (``BrokenExecutor``, Dask's
``KilledWorker``), which a ``RetryPolicy`` can match; before that, Dask gives it to other workers by
itself. A run that is cancelled takes back what has not begun; what has begun goes on to its end,
and its result is dropped. Of Dask's tasks nobody can tell: all that are not done are taken back,
also when the entrypoint fails, or its code cancels a future; a worker may hear of it too late.

>>> from concurrent.futures import ThreadPoolExecutor
>>> from nbflow.func import entrypoint, task
>>> @task
... def square(n: int) -> int:
...     return n * n
>>> @entrypoint()
... def squares(count: int) -> list[int]:
...     return [future.result() for future in [square(n) for n in range(count)]]
>>> with ThreadPoolExecutor(max_workers=2) as pool:
...     squares.invoke(4, {"executor": pool})
[0, 1, 4, 9]
"""

from __future__ import annotations

from nbflow.errors import NbflowError, OutsideRunError

__all__ = ["InExecutorError", "NotSendableError"]


class InExecutorError(OutsideRunError):
    """What a task that an executor runs cannot do: ask, call tasks and workflows, use the store.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from nbflow.func import entrypoint, task
    >>> from nbflow.types import interrupt
    >>> @task
    ... def publish(text: str) -> str:
    ...     return interrupt(f"Publish {text}?")
    >>> @entrypoint()
    ... def review(text: str) -> str:
    ...     return publish(text).result()
    >>> with ThreadPoolExecutor() as pool:
    ...     try:
    ...         review.invoke("essay", {"executor": pool})
    ...     except InExecutorError:
    ...         print("asked in the wrong place")
    asked in the wrong place
    """


class NotSendableError(NbflowError, TypeError):
    """A task, or its result, that cannot go to another process; the function did not run, or the
    result was dropped.

    >>> try:
    ...     raise NotSendableError("Task 'save' cannot be sent: its argument 1 is a lock.")
    ... except TypeError as error:
    ...     print(error)
    Task 'save' cannot be sent: its argument 1 is a lock.
    """
