"""The reference notebook, made of the signatures, docstrings and examples of the public names.

``python -m tests.reference`` makes ``notebooks/30_reference.ipynb`` again, with its outputs;
``test_reference`` holds it current.
"""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import inspect
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat

from nbflow.cli import main
from tests.unit.test_docstrings import PUBLIC, Name, is_own_class, members, names, text_of

__all__ = ["CHAPTERS", "NOTEBOOK", "REST", "notebook", "write"]

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "30_reference.ipynb"

CHAPTERS = {
    "Writing workflows": ("nbflow", "nbflow.func", "nbflow.types", "nbflow.config",
                          "nbflow.runtime", "nbflow.recorded", "nbflow.queues"),
    "Running them": ("nbflow.workflow", "nbflow.base_workflow", "nbflow.run", "nbflow.base_run",
                     "nbflow.run_stream", "nbflow.events", "nbflow.errors", "nbflow.executors",
                     "nbflow.headless.notebooks", "nbflow.headless.failures",
                     "nbflow.guests.graph", "nbflow.guests.adopted_run"),
    "Keeping": ("nbflow.checkpoint.memory", "nbflow.checkpoint.sqlite",
                "nbflow.checkpoint.postgres", "nbflow.checkpoint.encrypted", "nbflow.store.base",
                "nbflow.store.memory", "nbflow.store.sqlite", "nbflow.store.postgres",
                "nbflow.cache.base", "nbflow.cache.memory",
                "nbflow.cache.sqlite", "nbflow.serde"),
    "Looking back and sharing": ("nbflow.threads", "nbflow.pending", "nbflow.audit",
                                 "nbflow.branches", "nbflow.compare", "nbflow.edits",
                                 "nbflow.inputs", "nbflow.identity", "nbflow.evidence",
                                 "nbflow.widgets.inbox", "nbflow.export", "nbflow.export.story",
                                 "nbflow.telemetry"),
}  # fmt: skip
"""What programs use: each of these names has its example in a cell."""

REST = "For those who build on nbflow"
"""The chapter of all other public modules, as tables."""

_HEAD = """# Reference

Every public name, with what it takes, what it says of itself, and an example that you can run. The
text is that of the docstrings: `help(name)` says the rest.

{chapters}
- **{rest}**: all other modules, as tables.

For a way in, see the [tutorial](10_tutorial.ipynb); for a purpose, the recipes for
[tasks](20_how_to_run_tasks.ipynb), [questions](21_how_to_ask.ipynb), and
[keeping and sharing](22_how_to_keep_and_share.ipynb)."""
_MARKS: dict[Any, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
_SHOW_ALL = """from IPython.core.interactiveshell import InteractiveShell

InteractiveShell.ast_node_interactivity = "all"  # each line of an example shows its value"""
_COLUMNS = ("| name | what it is |", "|---|---|")
_SPEC = re.compile(r"\s*\(\d[\d, -]*\)")
_ROLE = re.compile(r":\w+:`~?(?:[\w.]+\s*<)?(?:[\w]+\s*\.\s*)*(\w+)>?`")


def notebook() -> Any:
    """The notebook as the names are now, without outputs."""
    told = sum(CHAPTERS.values(), ())
    rest = [module for module in PUBLIC if module not in told and _own(module)]
    chapters = {**CHAPTERS, REST: tuple(rest)}
    listed = "\n".join(f"- **{title}**: {_listed(of)}" for title, of in CHAPTERS.items())
    cells = [_text(_HEAD.format(chapters=listed, rest=REST)), nbformat.v4.new_code_cell(_SHOW_ALL)]
    for title, modules in chapters.items():
        cells.append(_text(f"## {title}"))
        for module in modules:
            cells += _in_tables(module) if title == REST else _with_examples(module)
    [cell for cell in cells if cell.cell_type == "code"][-1].metadata["tags"] = ["result"]
    for at, cell in enumerate(cells):
        cell.id = f"30-{at:03}"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _listed(modules: Sequence[str]) -> str:
    return ", ".join(f"`{module}`" for module in modules)


def _text(source: str) -> Any:
    return nbformat.v4.new_markdown_cell(source)


def _own(module: str) -> Sequence[Name]:
    return [one for one in names(module) if not one.local.startswith("__")]


def _said(text: str) -> str:
    """The first paragraph, in one line and in Markdown."""
    first = " ".join(text.strip().split("\n\n")[0].split())
    return _SPEC.sub("", _ROLE.sub(r"`\1`", first)).replace("``", "`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _signature(name: str, value: Any) -> str:
    """How it is called, with parameters and defaults; the name alone for what is not called."""
    if not callable(value) or (isinstance(value, type) and issubclass(value, BaseException)):
        return name
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return name
    parts: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.name in ("self", "cls") or parameter.name.startswith("_"):
            continue
        mark = _MARKS.get(parameter.kind, "")
        if parameter.kind is parameter.KEYWORD_ONLY and not any(p.startswith("*") for p in parts):
            parts.append("*")
        default = "" if parameter.default is parameter.empty else "="
        if default and re.fullmatch(r"[\w.'\"-]{1,20}|\(\)", repr(parameter.default)):
            default += repr(parameter.default)
        elif default:
            default += "…"
        parts.append(f"{mark}{parameter.name}{default}")
    return f"{name}({', '.join(parts)})"


def _in_tables(module: str) -> list[Any]:
    rows = [f"| `{one.local}` | {_cell(_said(text_of(one)))} |" for one in _own(module)]
    return [_text(_head(module) + "\n\n" + "\n".join([*_COLUMNS, *rows]))]


def _with_examples(module: str) -> list[Any]:
    cells = []
    shown = [(name, _example(module, name)) for name in _own(module)]
    without = [name for name, example in shown if not example]
    table = "\n\n" + _table(without) if without else ""
    cells.append(_text(_head(module) + table))
    for name, example in shown:
        if example:
            told = f"#### `{_signature(name.local, name.value)}`\n\n{_said(text_of(name))}"
            cells += [_text(told + _methods(name)), nbformat.v4.new_code_cell(example)]
    return cells


def _head(module: str) -> str:
    return f"### `{module}`\n\n{_said(inspect.getdoc(importlib.import_module(module)) or '')}"


def _table(of: Sequence[Name]) -> str:
    rows = [f"| `{_signature(n.local, n.value)}` | {_cell(_said(text_of(n)))} |" for n in of]
    return "\n".join([*_COLUMNS, *rows])


def _methods(name: Name) -> str:
    """A table of a class's methods and properties; nothing where there is none."""
    if not is_own_class(name):
        return ""
    rows = []
    for member, value in members(name.value):
        if member == "__call__":
            continue
        shown = member if isinstance(value, property) else getattr(name.value, member)
        text = inspect.getdoc(value if isinstance(value, property) else shown) or ""
        said = member if isinstance(value, property) else _signature(member, shown)
        rows.append(f"| `.{said}` | {_cell(_said(text))} |")
    return "\n\n" + "\n".join(["| | |", "|---|---|", *rows]) if rows else ""


def _example(module: str, name: Name) -> str:
    """The example of a docstring as a cell that stands alone; empty where there is none."""
    texts = [text_of(name)]
    if is_own_class(name):
        cls = name.value
        texts += [inspect.getdoc(getattr(cls, member)) or "" for member, _ in members(cls)]
    parser = doctest.DocTestParser()
    for text in texts:
        examples = [one for one in parser.get_examples(text) if one.exc_msg is None]
        if examples:
            return _alone(module, "".join(one.source for one in examples).strip("\n"), name)
    return ""


def _alone(module: str, source: str, name: Name) -> str:
    imports = sorted(_imports(module, source, name))
    parted = [] if not imports or source.startswith(("from ", "import ")) else [""]
    return "\n".join([*imports, *parted, source])


def _imports(module: str, source: str, name: Name) -> Iterator[str]:
    """What the example takes from the module that it stands in."""
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    made = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Store)}  # fmt: skip
    made |= {alias.asname or alias.name.split(".")[0] for node in ast.walk(tree)
             if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}  # fmt: skip
    there = vars(importlib.import_module(name.home)) | vars(importlib.import_module(module))
    there |= {name.local: name.value}
    for used_name in used - made - set(dir(builtins)):
        if used_name in there:
            yield _import_of(used_name, there[used_name], module)


def _import_of(name: str, value: Any, module: str) -> str:
    if isinstance(value, ModuleType):
        return f"import {value.__name__}" + ("" if value.__name__ == name else f" as {name}")
    public = name in getattr(importlib.import_module(module), "__all__", ())
    home = module if public else getattr(value, "__module__", module)
    return f"from {home} import {name}"


def write() -> int:
    """Execute the notebook and keep it with its outputs; the exit status is that of the demo."""
    with tempfile.TemporaryDirectory(prefix="nbflow-reference-") as folder:
        made = Path(folder) / NOTEBOOK.name
        nbformat.write(notebook(), made)
        status = main(["demo", "--write", "--directory", folder])
        if status == 0:
            shutil.copy(made, NOTEBOOK)
    return status


if __name__ == "__main__":
    raise SystemExit(write())
