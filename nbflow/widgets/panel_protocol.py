"""Every message between a side panel and what it lists, typed.

The twin is ``frontend/protocol/panel.ts``; ``tests/messages/panel.json`` holds golden messages. The
three change in one commit. A panel asks for the list when it connects, when ``news`` in its
snapshot grows, and every few seconds. Times are seconds since the epoch, by the clock of who tells.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

from nbflow.widgets.protocol import AskBundle, Failed

__all__ = [
    "AskRuns",
    "PanelList",
    "PanelQuestion",
    "PanelRow",
    "PanelSnapshot",
    "PanelToBrowser",
    "PanelToKernel",
    "Runs",
]


class PanelSnapshot(TypedDict):
    """What a panel knows before it has asked for the list."""

    protocol: int
    news: int
    """Grows when a run of the process began, asked, was answered or ended."""


class PanelQuestion(TypedDict):
    """One open question of a run."""

    interrupt_id: str
    title: str
    asked_at: float
    deadline: float | None
    """Until when it can be answered; None for any time."""
    yours: bool
    """Whether an answer from here is taken; else it is for others."""


class PanelRow(TypedDict):
    """One run that is not over."""

    key: str
    """Names the run where it is opened: its id in a kernel, its thread in a database."""
    thread_id: str | None
    """None when nothing is kept."""
    workflow: str
    status: Literal["running", "interrupted", "ready", "crashed", "error"]
    """``ready``: it has its answers and waits for its code. ``crashed``: its process is gone."""
    since: float
    """When it asked, or began, or was last changed."""
    questions: list[PanelQuestion]
    """Those that have waited longest first."""


class PanelList(TypedDict):
    """What a panel lists of one kernel or database."""

    rows: list[PanelRow]
    """Those that wait for an answer first, then those that are at work."""
    more: int
    """Runs beyond those in ``rows``."""
    waiting: int
    """Open questions, of all runs."""


class Runs(TypedDict):
    """The answer to :class:`AskRuns`."""

    type: Literal["runs"]
    request: str
    mark: str
    """Digest of the list."""
    now: float
    """The time of who tells, by which the ages are told."""
    list: PanelList | None
    """None when it is the one that the panel has."""


class AskRuns(TypedDict):
    """The panel wants the list; see :class:`Runs`."""

    type: Literal["runs"]
    request: str
    mark: str
    """Of the list that the panel has; ``""`` for none."""


PanelToKernel = AskBundle | AskRuns
"""What a panel says; ``request`` comes back in the answer."""

PanelToBrowser = Runs | Failed
"""What it hears."""
