"""Parameters of a notebook: the cell tagged ``parameters`` assigns defaults, and a cell after it
the values that are given.

The convention is papermill's, so the same notebook runs there; but a name that the cell does not
assign is refused, since it is a slip, and a value must be plain data that can be written as Python.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

from nbflow.headless.failures import NotebookParameterError

__all__ = ["known_parameters", "parameterised"]

_TAG = "parameters"
_INJECTED = "injected-parameters"


def parameterised(notebook: NotebookNode, parameters: Mapping[str, Any]) -> NotebookNode:
    """Put a cell with these values after the notebook's parameters; a former one goes.

    Raises:
        NotebookParameterError: a name is none of the notebook's, or a value cannot be written.

    >>> cell = nbformat.v4.new_code_cell("month = 1", metadata={"tags": ["parameters"]})
    >>> notebook = parameterised(nbformat.v4.new_notebook(cells=[cell]), {"month": 3})
    >>> [cell.source for cell in notebook.cells]
    ['month = 1', 'month = 3']
    """
    if not parameters:
        return notebook
    known = known_parameters(notebook)
    strangers = sorted(parameters.keys() - set(known))
    if strangers:
        there = ", ".join(known) if known else f"none: no code cell has the tag {_TAG!r}"
        raise NotebookParameterError(
            f"The notebook has no parameter {', '.join(map(repr, strangers))}. Its parameters are "
            f"the names that its cell tagged {_TAG!r} assigns; there are {there}."
        )
    lines = [f"{name} = {_literal(value, name)}" for name, value in parameters.items()]
    given = nbformat.v4.new_code_cell("\n".join(lines), metadata={"tags": [_INJECTED]})
    cells = [cell for cell in notebook.cells if _INJECTED not in _tags(cell)]
    place = next(at for at, cell in enumerate(cells) if _TAG in _tags(cell))
    cells.insert(place + 1, given)
    notebook.cells = cells
    return notebook


def known_parameters(notebook: NotebookNode) -> list[str]:
    """The names that the notebook's parameters cell assigns, in order.

    >>> cell = nbformat.v4.new_code_cell("a = 1; b: int = 2", metadata={"tags": ["parameters"]})
    >>> known_parameters(nbformat.v4.new_notebook(cells=[cell]))
    ['a', 'b']
    """
    source = next((c.source for c in notebook.cells if _TAG in _tags(c)), "")
    try:
        tree = ast.parse(source)
    except SyntaxError as exc:
        raise NotebookParameterError(
            f"The notebook's cell tagged {_TAG!r} is no Python ({exc.msg}). Write one assignment "
            "a line there, such as: month = 1"
        ) from exc
    names: dict[str, None] = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {one.id: None for one in targets if isinstance(one, ast.Name)}
    return list(names)


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", [])) if cell.cell_type == "code" else []


def _literal(value: Any, name: str) -> str:
    """The value as Python text; subclasses are not looked into, since their text is their own."""
    if type(value) in (bool, int, str, type(None)):
        return repr(value)
    if type(value) is float:
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if type(value) in (list, tuple):
        inside = ", ".join(_literal(one, name) for one in value)
        comma = "," if type(value) is tuple and len(value) == 1 else ""
        return f"({inside}{comma})" if type(value) is tuple else f"[{inside}]"
    if type(value) is dict:
        pairs = ((_literal(k, name), _literal(v, name)) for k, v in value.items())
        return "{" + ", ".join(f"{key}: {one}" for key, one in pairs) + "}"
    raise NotebookParameterError(
        f"The parameter {name!r} has a {type(value).__name__} in it, which cannot be written into "
        "a cell. Give texts, numbers, truth values, None, and lists, tuples and dicts of them; of "
        "larger data give the path of a file."
    )
