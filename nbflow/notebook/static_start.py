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
    from nbflow.run import Run
    from nbflow.workflow import Workflow

__all__ = ["start_html", "start_text"]

_FIELDS = 50
_CHARS = 200
_DOC_CHARS = 4_000
_RUNS = 5


def start_text(workflow: Workflow[Any, Any], runs: Sequence[Run] = ()) -> str:
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


def start_html(workflow: Workflow[Any, Any], runs: Sequence[Run] = ()) -> str:
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


def _newest(runs: Sequence[Run]) -> Sequence[Run]:
    return runs[::-1][:_RUNS]


def _call(workflow: Workflow[Any, Any]) -> str:
    thread = "" if workflow.saver is None else ', thread_id="…"'
    return f"{workflow.name}.start({input_parameter(workflow)}{thread})"


def _signature(workflow: Workflow[Any, Any]) -> str:
    """The input and the result alone: what is injected is not for whoever starts it."""
    signature = inspect.signature(workflow.__wrapped__)
    name, home = input_parameter(workflow), getattr(workflow.__wrapped__, "__module__", None)

    def written(before: str, kind: Any) -> str:
        if kind is inspect.Signature.empty:
            return ""
        return before + (kind if isinstance(kind, str) else inspect.formatannotation(kind, home))

    takes = written(": ", signature.parameters[name].annotation)
    return f"{workflow.name}({name}{takes}){written(' -> ', signature.return_annotation)}"


def _fields(workflow: Workflow[Any, Any]) -> Iterator[tuple[str, str, str]]:
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
