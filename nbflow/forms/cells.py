"""Tracebacks that name a notebook's cells by their numbers.

Python names a cell's code by a temporary file that nobody can open. The invariant: a file that is
not a cell of this kernel keeps its name, and outside IPython nothing changes.
"""

from __future__ import annotations

import re
import sys
from typing import Any

__all__ = ["with_cell_numbers"]

_FILE = re.compile(r'^(\s*)File "([^"\n]+)", line ', re.MULTILINE)


def with_cell_numbers(traceback: str) -> str:
    """Return ``traceback`` with ``Cell In[3], line 1`` in place of a cell's file.

    >>> with_cell_numbers('  File "essay.py", line 1, in write')
    '  File "essay.py", line 1, in write'
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    name_of: Any = getattr(getattr(shell, "compile", None), "format_code_name", None)
    if name_of is None:
        return traceback

    def named(found: re.Match[str]) -> str:
        name = name_of(found[2])
        return found[0] if not name else f"{found[1]}{' '.join(name)}, line "

    return _FILE.sub(named, traceback)
