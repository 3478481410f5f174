"""Notebooks that tests write, and what stands in their outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

__all__ = ["REVIEW", "outputs_of", "printed_in", "write_notebook"]

REVIEW = """%load_ext nbflow
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt

@task
def compose(topic):
    return f"An essay about {topic}"

@entrypoint(checkpointer=SqliteSaver("essays.sqlite"))
def review(topic):
    essay = compose(topic).result()
    question = {"question": "Publish it?", "essay": essay}
    return essay, interrupt(question, response_schema=bool, key="publish")
"""
"""A cell with a workflow that composes and asks."""


def write_notebook(path: Path, *cells: str, parameters: str | None = None) -> Path:
    """Write a notebook with these cells; the first has the tag of parameters if there are any."""
    code = [nbformat.v4.new_code_cell(source) for source in cells]
    if parameters is not None:
        tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        code.insert(0, tagged)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel})
    nbformat.write(notebook, path)
    return path


def outputs_of(path: Path) -> list[Any]:
    """Every output in a notebook, cell after cell."""
    notebook = nbformat.read(path, as_version=4)
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def printed_in(path: Path) -> str:
    """What the cells of a notebook printed."""
    return "".join(one.text for one in outputs_of(path) if one.output_type == "stream")
