"""Each of the forty faults is provoked by a test that names it, or is listed as not built."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_TESTS = Path(__file__).parents[1]

NOT_BUILT: set[int] = set()
"""Faults that no test provokes yet."""

_NAMED = re.compile(r"\bfaults? (\d+(?:(?:, | and )\d+)*)", re.IGNORECASE)


def _docstrings() -> Iterator[str]:
    """Of the modules of tests, and of the tests."""
    for path in _TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
                yield ast.get_docstring(node) or ""


def test_every_fault_is_named_by_a_test_or_listed() -> None:
    named = {
        int(number)
        for text in _docstrings()
        for numbers in _NAMED.findall(text)
        for number in re.findall(r"\d+", numbers)
    }
    assert named | NOT_BUILT == {*range(1, 41)}
    assert named & NOT_BUILT == set(), "built by now: take them off the list"
