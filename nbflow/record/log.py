"""A run's log in wire form: what pages are sent, what a record keeps, and what files hold.

The invariant: each entry is bounded, is JSON, and holds no secret that the run's schemas mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nbflow.inputs import input_schema
from nbflow.widgets.wire import Encoder

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.events import Event
    from nbflow.forms.secrets import Secrets
    from nbflow.widgets.protocol import EventData

__all__ = ["encoded", "log_of"]


def log_of(run: BaseRun) -> list[EventData]:
    """Return all that a run has said of itself so far.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> run = double.start(4)
    >>> run.result()
    8
    >>> [entry["type"] for entry in log_of(run)]
    ['run_started', 'run_ended']
    """
    return encoded(run.events(), input_schema(run.workflow))[0]


def encoded(
    events: Iterable[Event], schema: dict[str, object] | None
) -> tuple[list[EventData], Secrets]:
    """Return events in wire form, and the secrets that are hidden in them.

    Args:
        schema: of the input; it says which parts of that are secrets.

    >>> from nbflow.events import Custom
    >>> encoded([Custom(seq=0, ts=0.0, task=None, data="half done")], None)[0][0]["data"]["text"]
    'half done'
    """
    encoder = Encoder(schema)
    return [encoder.encode(event) for event in events], encoder.secrets
