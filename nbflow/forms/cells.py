"""Tracebacks that name a notebook's cells by their numbers.

Python names a cell's code by a temporary file that nobody can open. The invariant: a file that is
not a cell of this kernel keeps its name, and outside IPython nothing changes.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

__all__ = ["site_in_cell", "with_cell_numbers"]

_FILE = re.compile(r'^(\s*)File "([^"\n]+)", line ', re.MULTILINE)


def with_cell_numbers(traceback: str) -> str:
    """Return ``traceback`` with ``Cell In[3], line 1`` in place of a cell's file.

    >>> with_cell_numbers('  File "essay.py", line 1, in write')
    '  File "essay.py", line 1, in write'
    """
    name_of = _namer()
    if name_of is None:
        return traceback

    def named(found: re.Match[str]) -> str:
        name = name_of(found[2])
        return found[0] if not name else f"{found[1]}{' '.join(name)}, line "

    return _FILE.sub(named, traceback)


def site_in_cell(site: str) -> str:
    """Return where a call stands with ``Cell In[3], line 1`` in place of a cell's file.

    Args:
        site: the file's name without its folder, and the line.

    >>> site_in_cell("essay.py:1")
    'essay.py:1'
    """
    file, _, line = site.rpartition(":")
    compiler, name_of = sys.modules.get("ipykernel.compiler"), _namer()
    if compiler is None or name_of is None:
        return site
    name = name_of(f"{compiler.get_tmp_directory()}{os.sep}{file}")
    return f"{' '.join(name)}, line {line}" if name else site


def _namer() -> Any:
    """What names a cell by the file of its code, in IPython's words; None outside of it."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(getattr(shell, "compile", None), "format_code_name", None)
