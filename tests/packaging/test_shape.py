"""The house limits that no linter knows: short modules, short functions, a declared surface."""

from __future__ import annotations

import ast
from pathlib import Path

import nbflow

_PACKAGE = Path(next(iter(nbflow.__path__)))
_MODULES = [
    path
    for path in sorted(_PACKAGE.rglob("*.py"))
    if "frontend" not in path.relative_to(_PACKAGE).parts
]
_MODULE_LINES = 500
_FUNCTION_LINES = 60


def test_modules_are_short() -> None:
    lengths = {
        str(path.relative_to(_PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in _MODULES
    }

    assert {name: n for name, n in lengths.items() if n > _MODULE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{path.relative_to(_PACKAGE)}:{node.name}": length
        for path in _MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := _code_lines(node)) > _FUNCTION_LINES
    }

    assert long == {}


def test_public_modules_open_with_a_docstring_and_declare_their_names() -> None:
    lacking = []
    for path in _MODULES:
        name = path.relative_to(_PACKAGE)
        if any(part.startswith("_") and part != "__init__.py" for part in name.parts):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        declares = any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and any(
                isinstance(target, ast.Name) and target.id == "__all__"
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            )
            for node in tree.body
        )
        if not ast.get_docstring(tree) or (tree.body[1:] and not declares):
            lacking.append(str(name))

    assert lacking == []


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, the docstring not counted."""
    end = function.end_lineno or function.lineno
    length = end - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        length -= first.end_lineno - first.lineno + 1
    return length
