"""The Python that does what an action of the history does, to be pasted into a cell.

The invariant: what is written here runs as it stands, in a notebook where the workflow has its own
name; a test does so with every kind.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbflow.widgets.history_protocol import CodeItem

__all__ = ["Written", "config_text"]


def config_text(thread_id: str, checkpoint_id: str | None = None) -> str:
    """Return a configuration as Python.

    >>> config_text("1")
    '{"configurable": {"thread_id": "1"}}'
    """
    parts = [f'"thread_id": {_text(thread_id)}']
    if checkpoint_id is not None:
        parts.append(f'"checkpoint_id": {_text(checkpoint_id)}')
    return f'{{"configurable": {{{", ".join(parts)}}}}}'


_OWN_NAMES = frozenset(("config", "differences", "editable_type", "state_from_json", "values"))
"""What the code itself gives names to."""


class Written:
    """Writes the actions on one thread.

    Args:
        name: of the workflow.
        thread_id: of the thread.

    >>> print(Written("essay", "1").fork("1f0e", after="ab"))
    config = {"configurable": {"thread_id": "1", "checkpoint_id": "1f0e"}}
    essay.invoke(None, essay.fork(config, after="ab"))
    """

    def __init__(self, name: str, thread_id: str) -> None:
        usable = name.isidentifier() and not iskeyword(name) and name not in _OWN_NAMES
        self._name = name if usable else "workflow"
        self._thread_id = thread_id

    def look(self, checkpoint_id: str) -> str:
        """Show a checkpoint."""
        return f"{self._config(checkpoint_id)}\n{self._name}.get_state(config)"

    def fork(
        self, checkpoint_id: str, *, after: str | None = None, before: str | None = None
    ) -> str:
        """Branch off, and go on."""
        side = f", after={_text(after)}" if after is not None else ""
        side += f", before={_text(before)}" if before is not None else ""
        go = f"{self._name}.invoke(None, {self._name}.fork(config{side}))"
        return f"{self._config(checkpoint_id)}\n{go}"

    def again(self, checkpoint_id: str) -> str:
        """Run again from a checkpoint."""
        return f"{self._config(checkpoint_id)}\n{self._name}.invoke(None, config)"

    def resume(self) -> str:
        """Go on with the newest run."""
        return f"{self._name}.invoke(None, {config_text(self._thread_id)})"

    def compare(self, left: str, right: str) -> str:
        """Tell what differs between two checkpoints."""
        states = ", ".join(
            f"{self._name}.get_state({config_text(self._thread_id, one)}).values"
            for one in (left, right)
        )
        return f"from nbflow.compare import differences\n\ndifferences({states})"

    def update(
        self, checkpoint_id: str, value: Any, *, plain: bool, rerun: bool, force: bool = False
    ) -> str:
        """Store an edited state; with ``rerun`` run the same input on it.

        Args:
            value: JSON.
            plain: whether the state is that JSON; else it is read as the state's own type.
            force: drop the open questions of the thread's newest run.
        """
        lines = [self._config(checkpoint_id)]
        if plain:
            lines.append(f"values = {value!r}")
        else:
            lines[:0] = ["from nbflow.edits import editable_type, state_from_json", ""]
            kind = f"editable_type({self._name}, {self._name}.get_state(config).values)"
            lines.append(f"values = state_from_json({kind}, {value!r})")
        update = f"{self._name}.update_state(config, values{', force=True' if force else ''})"
        if rerun:
            update = f"{self._name}.invoke({self._name}.get_input(config), {update})"
        return "\n".join([*lines, update])

    def codes(
        self, checkpoint_id: str, *, opens: bool, resumes: bool, forks: bool
    ) -> list[CodeItem]:
        """The actions on a checkpoint, in the order in which they are offered.

        Args:
            opens: whether it opened a run.
            resumes: whether that is the newest one, and did not end.
            forks: whether a fork is something else than running again.
        """
        found: list[CodeItem] = []
        if resumes:
            found.append({"action": "resume", "text": self.resume()})
        if opens:
            found.append({"action": "again", "text": self.again(checkpoint_id)})
        if opens and forks:
            found.append({"action": "fork", "text": self.fork(checkpoint_id)})
        found.append({"action": "look", "text": self.look(checkpoint_id)})
        return found

    def _config(self, checkpoint_id: str) -> str:
        return f"config = {config_text(self._thread_id, checkpoint_id)}"


def _text(text: str) -> str:
    """A text as Python, in double quotes where it needs no care."""
    plain = text.isprintable() and not set(text) & set("\"\\'")
    return f'"{text}"' if plain else repr(text)
