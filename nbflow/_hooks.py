"""What the notebook side puts in, so that nothing below it has to import it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbflow.events import Event

__all__ = ["Hooks", "hooks"]


class Hooks:
    """Empty outside a notebook."""

    def __init__(self) -> None:
        self.fill: Callable[[], None] | None = None
        """Fills the others where there is a notebook; called before they are used."""
        self.display: Callable[[Any], dict[str, Any]] | None = None
        """The MIME bundle of a run shown in a cell."""
        self.display_inbox: Callable[[Any], dict[str, Any]] | None = None
        """The MIME bundle of an inbox shown in a cell."""
        self.display_workflow: Callable[[Any], dict[str, Any]] | None = None
        """The MIME bundle of a workflow shown in a cell."""
        self.freeze: Callable[[Any], None] | None = None
        """Replaces what cells show of a run by its record."""
        self.before_wait: Callable[[Any], Callable[[], None] | None] | None = None
        """Called when a cell begins to wait for a run; what it returns, a thread that blocks
        calls now and then while it waits."""
        self.at_pause: Callable[[Any], None] | None = None
        """Called in the waiting thread each time the run stops at a question: answers it, lets
        the cell wait on for a person by returning, or raises."""
        self.started: Callable[[Any], None] | None = None
        """Told of each run that a plain ``invoke`` or ``stream`` starts."""
        self.observers: list[Callable[[], Callable[[Event], None]]] = []
        """Each is asked for a listener at the start of every execution in this process."""

    def filled(self) -> Hooks:
        """The hooks, filled if this is a notebook."""
        if self.fill is not None:
            self.fill()
        return self


hooks: Hooks = Hooks()
"""Those of this process."""
