"""Answers from a file, for a notebook that runs with nobody there.

``NBFLOW_ANSWERS`` names a JSON file: ``{"answers": [{"answer": ...}, ...]}``. The entries are
taken in order, each for one question. An entry with ``match`` waits for a question that contains
that text; one with ``repeat`` answers as often as it fits.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbflow.errors import RunPendingError

__all__ = ["ANSWERS_VARIABLE", "AnswerFile", "answer_file"]

ANSWERS_VARIABLE = "NBFLOW_ANSWERS"
"""The environment variable that names the file."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    match: str | None
    answer: Any
    repeat: bool
    used: bool = False


class AnswerFile:
    """The entries of one file, and which of them were used in this process.

    Raises:
        RunPendingError: the file cannot be read as answers.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "answers.json"
    ...     _ = path.write_text('{"answers": [{"match": "Approve", "answer": true}]}')
    ...     answers = AnswerFile(str(path))
    >>> answers.take("Approve the essay?"), answers.take("Approve the essay?")
    ((True, True), (False, None))
    """

    def __init__(self, path: str) -> None:
        self.path = path
        """The file, as it was named; messages say it."""
        self._taking = threading.Lock()
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
            self._entries = [_entry(item) for item in data["answers"]]
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise RunPendingError(
                f"The file {path!r} that {ANSWERS_VARIABLE} names cannot be read as answers "
                f'({type(exc).__name__}: {exc}). Write {{"answers": [{{"answer": ...}}, ...]}}, '
                'each entry with an "answer" and, if it is for one question, a "match".'
            ) from exc

    def take(self, question: str) -> tuple[bool, Any]:
        """Return whether an entry answers ``question``, and its answer."""
        with self._taking:
            for entry in self._entries:
                fits = entry.match is None or entry.match in question
                if fits and not entry.used:
                    entry.used = not entry.repeat
                    return True, entry.answer
            return False, None


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


def _entry(item: dict[str, Any]) -> _Entry:
    match = item.get("match")
    if match is not None and not isinstance(match, str):
        raise TypeError('"match" must be a text')
    return _Entry(match=match, answer=item["answer"], repeat=item.get("repeat") is True)
