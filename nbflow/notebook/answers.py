"""Answers from a file, for a notebook that runs with nobody there.

The file is YAML or JSON: ``{"answers": [{"answer": ...}, ...]}``. The entries are taken in order,
each for one question. An entry with ``key`` waits for a question to which the code gave that key,
one with ``match`` for a question that contains that text, one with ``thread`` for a question of
that thread; one with ``repeat`` answers as often as it fits. ``{"answers": {"price": 9.99}}`` is
short for entries with these keys.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nbflow.errors import RunPendingError
from nbflow.forms import form_of, preview
from nbflow.notebook.plain_yaml import read_yaml

if TYPE_CHECKING:
    from nbflow.types import Interrupt

__all__ = ["ANSWERS_VARIABLE", "AnswerFile", "TakenAnswer", "answer_file"]

ANSWERS_VARIABLE = "NBFLOW_ANSWERS"
"""The environment variable that names the file."""

_CONDITIONS = ("key", "match", "thread")
_SEARCHED_CHARS = 20_000


class TakenAnswer(NamedTuple):
    """An answer, and which entry of the file gave it.

    >>> TakenAnswer(answer=True, entry=1).answer
    True
    """

    answer: Any
    """The answer, as the file has it."""
    entry: int
    """Place of the entry in the file, from 1."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    answer: Any
    key: str | None = None
    match: str | None = None
    thread: str | None = None
    repeat: bool = False
    used: bool = False

    def fits(self, question: Interrupt, text: str, thread_id: str | None) -> bool:
        return (
            self.key in (None, question.key)
            and self.thread in (None, thread_id)
            and (self.match is None or self.match in text)
        )


class AnswerFile:
    """The entries of one file, and which of them were used in this process.

    Raises:
        RunPendingError: the file cannot be read as answers.

    >>> import tempfile
    >>> from nbflow.types import Interrupt
    >>> question = Interrupt("Approve the essay?", "0" * 32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "answers.yaml"
    ...     _ = path.write_text("answers: [{match: Approve, answer: true}]")
    ...     answers = AnswerFile(str(path))
    >>> answers.take(question), answers.take(question)
    (TakenAnswer(answer=True, entry=1), None)
    """

    def __init__(self, path: str) -> None:
        self.path = path
        """The file, as it was named; messages say it."""
        self._taking = threading.Lock()
        try:
            self._entries = _entries(_read(Path(path)))
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise RunPendingError(
                f"The file {path!r} cannot be read as answers ({type(exc).__name__}: {exc}). "
                'Write {"answers": [{"answer": ...}, ...]} in JSON or YAML, each entry with an '
                '"answer" and, if it is for one question, a "key", a "match" or a "thread".'
            ) from exc

    def take(self, question: Interrupt, thread_id: str | None = None) -> TakenAnswer | None:
        """Use up the first entry that fits a question; None when there is none.

        Args:
            thread_id: the thread that asks.
        """
        shown = preview(question.value, _SEARCHED_CHARS)["text"]
        text = "\n".join((form_of(question)["title"], shown, question.id))
        with self._taking:
            for place, entry in enumerate(self._entries, start=1):
                if not entry.used and entry.fits(question, text, thread_id):
                    entry.used = not entry.repeat
                    return TakenAnswer(entry.answer, place)
            return None


def answer_file() -> AnswerFile | None:
    """Return the answers that the environment names; None when it names none.

    Raises:
        RunPendingError: the file cannot be read as answers.
    """
    path = os.environ.get(ANSWERS_VARIABLE)
    return _opened(str(Path(path).resolve())) if path else None


@lru_cache(maxsize=8)
def _opened(path: str) -> AnswerFile:
    return AnswerFile(path)


def _read(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return read_yaml(text) if path.suffix in (".yaml", ".yml") else json.loads(text)


def _entries(data: Any) -> list[_Entry]:
    answers = data["answers"]
    if isinstance(answers, Mapping):
        return [_entry({"key": key, "answer": answer}) for key, answer in answers.items()]
    if not isinstance(answers, list):
        raise TypeError('"answers" must be a list of entries, or answers by the keys of questions')
    return [_entry(item) for item in answers]


def _entry(item: Mapping[str, Any]) -> _Entry:
    unknown = item.keys() - {"answer", "repeat", *_CONDITIONS}
    if unknown:
        raise ValueError(f"an entry knows no {', '.join(map(repr, sorted(unknown)))}")
    conditions: dict[str, Any] = {name: item.get(name) for name in _CONDITIONS}
    for name, value in conditions.items():
        if not isinstance(value, str | None):
            raise TypeError(f'"{name}" must be a text')
    return _Entry(answer=item["answer"], repeat=item.get("repeat") is True, **conditions)
