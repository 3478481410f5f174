"""How a cell waits for a person.

``before_wait`` runs when a cell is about to wait and makes the form below it usable, where a page
can be heard meanwhile. ``at_pause`` runs at each question the waiting cell meets: elsewhere it
answers from a file or raises at once. The invariant: no cell waits for what can never come.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from nbflow.errors import RunPendingError, WaitNotPossibleError
from nbflow.forms import form_of
from nbflow.identity import acting_as
from nbflow.notebook.answers import ANSWERS_VARIABLE, answer_file
from nbflow.notebook.supervisor import supervisor
from nbflow.notebook.tap import Tap
from nbflow.notebook.taps import tap_of

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun
    from nbflow.types import Interrupt

__all__ = ["Host", "at_pause", "before_wait", "host", "kernel_tap", "say_pending"]


_PAGE_S = 10.0
"""How long Voila's page may take to show a run, before it is taken for one that does so later."""

_LISTEN_S = 0.02


class Host(Enum):
    """Where this process stands, as far as waiting goes."""

    PLAIN = "plain"
    """No Jupyter kernel: a terminal or a script."""
    HEADLESS = "headless"
    """A kernel with nobody in front of it: nbclient, papermill, CI."""
    TAPPED = "tapped"
    """A kernel that can serve a form while a cell waits."""
    DEAF = "deaf"
    """A kernel that hears nothing while a cell runs, and has no place for a tap."""


def host() -> Host:
    """Return where this process stands; puts the tap in when that can be done."""
    kernel = _kernel()
    if kernel is None:
        return Host.PLAIN
    if _is_headless(kernel):
        return Host.HEADLESS
    return Host.DEAF if tap_of(kernel) is None else Host.TAPPED


def kernel_tap() -> Tap | None:
    """Return the tap on this process's kernel; None outside one, or where it cannot be."""
    kernel = _kernel()
    return None if kernel is None else tap_of(kernel)


def before_wait(_run: BaseRun) -> Callable[[], None] | None:
    """Make the form below the cell usable while the cell waits, where that can be done.

    Returns what the waiting thread has to call now and then, so that its kernel hears the page.
    """
    tap = kernel_tap() if host() is Host.TAPPED else None
    return None if tap is None else tap.listener()


def at_pause(run: BaseRun) -> None:
    """Decide what a waiting cell does about the open questions of ``run``.

    Where a person can answer meanwhile, this returns at once and the cell waits on. Elsewhere
    the questions are answered by whoever executes the notebook, or from the file that the
    environment names.

    Raises:
        RunPendingError: a question, and no answer at hand.
        WaitNotPossibleError: a question, and this kernel cannot hear the form's answer.
    """
    here = host()
    if here is Host.TAPPED:
        if _in_voila() and not _is_seen(run):
            raise WaitNotPossibleError(_unseen_message(run))
        return
    if here is Host.DEAF:
        raise WaitNotPossibleError(_deaf_message(run))
    asked_by = supervisor()
    for question in run.interrupts:
        if asked_by is None:
            _answer_from_file(run, question)
            continue
        how = asked_by.answer(run, question)
        if how is not None:
            raise RunPendingError(_pending_text(run, question, how))


def say_pending(run: BaseRun) -> None:
    """Print what a run waits for and how to answer it, where nobody sees its form.

    Nothing is printed where answers are at hand: a function gives them, or the cell that waits
    takes them.
    """
    if run.is_attended or host() is not Host.HEADLESS:
        return
    if supervisor() is None and answer_file() is None:
        for question in run.interrupts:
            print(_pending_text(run, question, _NAME_A_FILE))


def _kernel() -> Any:
    """Return the ipykernel of this process; None in a terminal or a script."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None)


def _is_headless(kernel: Any) -> bool:
    """Whether nobody can answer: the client takes no input, and is not Voila, which has pages."""
    return not getattr(kernel, "_allow_stdin", False) and not _in_voila()


def _in_voila() -> bool:
    return "VOILA_APP_PORT" in os.environ


def _is_seen(run: BaseRun) -> bool:
    """Whether a page shows the run by now, or does so soon.

    Voila tells its kernels nothing of whether it draws the page while the cells run, or afterwards.
    """
    from nbflow.widgets.session import session_of

    tap = kernel_tap()
    listen = None if tap is None else tap.listener()
    session, until = session_of(run), time.monotonic() + _PAGE_S
    while not session.is_seen and time.monotonic() < until:
        time.sleep(_LISTEN_S)
        if listen is not None:
            listen()
    return session.is_seen


_NAME_A_FILE = (
    f"name a file of answers: `nbflow run NOTEBOOK --answers FILE`, or {ANSWERS_VARIABLE}=FILE in "
    "the environment"
)


def _answer_from_file(run: BaseRun, question: Interrupt) -> None:
    answers = answer_file()
    if answers is None:
        raise RunPendingError(_pending_text(run, question, _NAME_A_FILE))
    taken = answers.take(question, run.thread_id)
    if taken is None:
        hint = f"add an answer to {answers.path!r}, which has none left for this question"
        raise RunPendingError(_pending_text(run, question, hint))
    with acting_as(via="answers file"):
        run.answer(question.id, taken.answer)


def _pending_text(run: BaseRun, question: Interrupt, how: str) -> str:
    title = form_of(question)["title"]
    return (
        f"Thread {run.thread_id!r} of workflow {run.workflow.name!r} waits for an answer to "
        f"{title!r} (interrupt {question.id}), and there is nobody here to give it. "
        f"To answer, {how}; or resume it with {run.workflow.name}.invoke(Command(resume="
        f'...), {{"configurable": {{"thread_id": {run.thread_id!r}}}}}); or run the cell in '
        "JupyterLab and use the form."
    )


def _unseen_message(run: BaseRun) -> str:
    return (
        f"Thread {run.thread_id!r} waits for an answer, and after {_PAGE_S:.0f} seconds no page "
        "shows its form: Voila draws what a cell shows when the cell is over, and by default only "
        "when all cells are, so waiting here would never end. Show the run in a cell before the "
        "one that waits, and start `voila --progressive_rendering=True`; or show it and wait in no "
        "cell. The run is still going and nothing is lost."
    )


def _deaf_message(run: BaseRun) -> str:
    ipykernel = sys.modules.get("ipykernel")
    version = getattr(ipykernel, "__version__", "of this version")
    return (
        f"Thread {run.thread_id!r} waits for an answer, and this kernel (ipykernel {version}) "
        "hears no form while a cell runs, so waiting here would never end. Show the run in one "
        "cell and read its result in a later one, after the form was submitted; or run `pip "
        "install 'ipykernel>=7.1'` and restart the kernel. The run is still going and nothing is "
        "lost."
    )
