"""The kernel's side of the side panel: a comm target that pages open channels to.

A page asks any kernel which comms it has; one of this target, opened by nobody, says that nbflow is
there. Each channel that a page opens is one conversation: the list of the kernel's runs, or one of
the runs. All of it is served while a cell keeps the kernel, where the kernel has a tap.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from comm.base_comm import BaseComm

from nbflow._made import runs
from nbflow.notebook.waiting import Host, host, kernel_tap
from nbflow.widgets.panel_session import PanelSession, rows_of_runs
from nbflow.widgets.session import session_of

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.widgets.session import Session

__all__ = ["TARGET", "Channel", "offer_panel", "withdraw_panel"]

TARGET = "nbflow.panel"
"""The comm target; the page knows it by the same name."""

_SILENT_S = 300.0
"""A panel asks every few seconds, and once a minute where its tab is hidden."""

_log = logging.getLogger(__name__)
_panel = PanelSession(lambda: rows_of_runs(runs()))


class _Sign(BaseComm):
    """Says that the target is there; it is never opened, so it tells no page anything."""

    def publish_msg(self, *_args: Any, **_kwargs: Any) -> None:
        """Nobody is at the other end."""


class Channel:
    """One comm that a page opened: a widget's channel without a widget.

    Args:
        comm: the comm.
        talk: the conversation that the page wants to take part in.
    """

    def __init__(self, comm: Any, talk: PanelSession | Session) -> None:
        self._comm = comm
        self._talk = talk
        self._heard_at = time.monotonic()
        self._away = False
        comm.on_msg(self._hear)
        comm.on_close(lambda _message: talk.detach(self))
        self.show(talk.attach(self))

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send one message."""
        self._comm.send({"message": content}, buffers=buffers)

    def show(self, snapshot: Any) -> None:
        """Send the small state, unless the page was loaded anew since: that one never says so."""
        silent_s = time.monotonic() - self._heard_at
        if isinstance(self._talk, PanelSession) and silent_s > _SILENT_S:
            self._away = True
            self._talk.detach(self)
        else:
            self._comm.send({"snapshot": snapshot})

    def _hear(self, message: dict[str, Any]) -> None:
        self._heard_at = time.monotonic()
        if self._away:
            self._away = False
            self._talk.attach(self)
        self._talk.receive(self, message["content"]["data"])

    def follow(self, run: BaseRun) -> None:
        """The page hears of another run by its snapshot."""


def offer_panel(kernel: Any) -> None:
    """Let pages open channels to this kernel; a second time changes nothing."""
    manager = kernel.comm_manager
    if TARGET in manager.targets:
        return
    manager.register_target(TARGET, _open)
    manager.register_comm(_Sign(target_name=TARGET, comm_id=TARGET, primary=False))
    tap = kernel_tap() if host() is Host.TAPPED else None
    if tap is not None:
        tap.serve_target(TARGET)


def withdraw_panel(kernel: Any) -> None:
    """Let pages open no more channels; those that are open go on."""
    manager = kernel.comm_manager
    if TARGET in manager.targets:
        manager.unregister_target(TARGET, _open)
        manager.comms.pop(TARGET, None)


def _open(comm: Any, message: dict[str, Any]) -> None:
    data = message["content"]["data"]
    shows = data.get("shows") if isinstance(data, dict) else None
    if shows == "panel":
        Channel(comm, _panel)
        return
    wanted = data.get("run") if shows == "run" else None
    run = next((one for one in reversed(runs()) if one.id and one.id == wanted), None)
    if run is None:
        _log.info("A page asked for a run that is not here: %r", wanted)
        what = "This run is not in the kernel any more. Its thread is still in its database."
        comm.close({"refused": {"reason": "missing", "message": what if shows == "run" else ""}})
        return
    Channel(comm, session_of(run))
