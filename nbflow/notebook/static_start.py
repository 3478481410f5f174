"""A workflow as text and as HTML, where no start form can be live, and the runs that a form began.

The invariants are those of the static view of a run: no script, no link, everything escaped, less
than 50 KB for the form and for each run. A default that is a secret is not shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nbflow.forms.inputs import input_form
from nbflow.inputs import input_parameter
from nbflow.record.markup import BOX, CELL, CLASSES, TABLE, plain, safe
from nbflow.record.schema_words import about, resolved, type_words
from nbflow.record.static_view import html_of, text_of

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.base_workflow import BaseWorkflow

__all__ = ["start_html", "start_text"]

_FIELDS = 50
_CHARS = 200
_DOC_CHARS = 4_000
_RUNS = 5


def start_text(workflow: BaseWorkflow, runs: Sequence[BaseRun] = ()) -> str:
    """Return a workflow, how it is started, and the runs that a form began, as lines of text.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> print(start_text(double))
    <nbflow workflow 'double'>
      double(n: int) -> int
      double.start(n) begins a run
    """
    own = [
        f"<nbflow workflow {plain(repr(workflow.name), _CHARS)}>",
        f"  {plain(_signature(workflow), _CHARS)}",
        f"  {plain(_call(workflow), _CHARS)} begins a run",
    ]
    return "\n".join([*own, *(text_of(run) for run in _newest(runs))])


def start_html(workflow: BaseWorkflow, runs: Sequence[BaseRun] = ()) -> str:
    """Return a workflow, its input, and the runs that a form began, as HTML with inline styles.

    >>> from nbflow.func import entrypoint
    >>> @entrypoint()
    ... def double(n: int) -> int:
    ...     return 2 * n
    >>> "<code>double.start(n)</code> begins a run" in start_html(double)
    True
    """
    doc = inspect.cleandoc(workflow.__doc__ or "")
    said = f'<div style="white-space:pre-wrap">{safe(doc, _DOC_CHARS)}</div>' if doc else ""
    rows = "".join(
        '<tr style="background:none">'
        + "".join(f'<td style="{CELL}">{safe(part, _CHARS)}</td>' for part in row)
        + "</tr>"
        for row in _fields(workflow)
    )
    heads = "".join(
        f'<th scope="col" style="{CELL}">{name}</th>' for name in ("Input", "Type", "About")
    )
    own = (
        f'<div class="{CLASSES}" style="{BOX}">'
        f"<strong>{safe(workflow.name, _CHARS)}</strong> · workflow{said}"
        f'<table style="{TABLE};margin:6px 0;border:0"><tr>{heads}</tr>{rows}</table>'
        f"<div><code>{safe(_call(workflow), _CHARS)}</code> begins a run</div></div>"
    )
    return own + "".join(html_of(run) for run in _newest(runs))


def _newest(runs: Sequence[BaseRun]) -> Sequence[BaseRun]:
    return runs[::-1][:_RUNS]


def _call(workflow: BaseWorkflow) -> str:
    thread = ', thread_id="…"' if workflow.keeps_threads else ""
    return f"{workflow.name}.start({input_parameter(workflow)}{thread})"


def _signature(workflow: BaseWorkflow) -> str:
    """The input and the result alone: what is injected is not for whoever starts it."""
    parameter, home = workflow.input_parameter, workflow.home

    def written(before: str, kind: Any) -> str:
        if kind is inspect.Signature.empty:
            return ""
        return before + (kind if isinstance(kind, str) else inspect.formatannotation(kind, home))

    takes = written(": ", parameter.annotation)
    gives = written(" -> ", workflow.call_signature.return_annotation)
    return f"{workflow.name}({parameter.name}{takes}){gives}"


def _fields(workflow: BaseWorkflow) -> Iterator[tuple[str, str, str]]:
    """Name, type and description of each part of the input."""
    form = input_form(workflow, "")
    root = form["schema"]
    whole = resolved(root, root)
    parts = whole.get("properties")
    if not isinstance(parts, dict) or not parts:
        yield input_parameter(workflow), type_words(root, root), about(root, root)
        return
    required = whole.get("required")
    for at, (name, part) in enumerate(parts.items()):
        if at == _FIELDS:
            yield "…", "", f"{len(parts) - _FIELDS:,} more"
            return
        optional = "" if isinstance(required, list) and name in required else "optional, "
        yield name, optional + type_words(part, root), about(part, root)
