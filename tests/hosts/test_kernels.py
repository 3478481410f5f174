"""P4: a waiting cell and the form below it on every ipykernel, message by message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.hosts.environments import VERSIONS, install_kernel
from tests.notebook.essays import PROGRAM, check_that_the_form_works, start
from tests.notebook.kernel import Kernel, kernel

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module", params=VERSIONS)
def page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kernel]:
    """A page on a kernel of each ipykernel."""
    data = tmp_path_factory.mktemp("jupyter")
    name = install_kernel(request.param, data)
    with ExitStack() as stack:
        one = stack.enter_context(kernel(name, data))
        if not _hears(one):  # a bare ipykernel 7.1 is deaf after one start in sixty
            one = stack.enter_context(kernel(name, data))
        version = one.run("import ipykernel; print(ipykernel.__version__)").finish().printed
        assert version == f"{request.param}\n"
        one.run(PROGRAM).finish()
        yield one


def _hears(page: Kernel) -> bool:
    try:
        for _ in range(3):
            page.run("import ipywidgets").finish()
    except AssertionError:
        return False
    return True


def _printed(page: Kernel, code: str) -> str:
    """Asked again when it is not heard: after an interrupt, ipykernel 7.1 may mislay a request."""
    try:
        return page.run(code).finish().printed
    except AssertionError:
        return page.run(code).finish().printed


@pytest.fixture
def thread_id(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


@pytest.mark.parametrize(
    ("workflow", "wait"),
    [("essay", "run.result(timeout=60)"), ("essay", "await run"), ("essay_async", "run.result()")],
)
def test_the_form_works_while_the_cell_waits(
    page: Kernel, thread_id: str, workflow: str, wait: str
) -> None:
    check_that_the_form_works(page, thread_id, workflow, wait)


@pytest.mark.parametrize("wait", ["run.result()", "await run"])
def test_a_page_that_reloads_gets_its_widgets_back(page: Kernel, thread_id: str, wait: str) -> None:
    _, widget = start(page, thread_id)
    waiting = page.run(f"print({wait})")
    page.wait_for(lambda: waiting.states)
    comms = page.reply_to(page.send("comm_info_request", {"target_name": "jupyter.widget"}))
    info = page.reply_to(page.send("kernel_info_request", {}))

    assert widget in comms["content"]["comms"]
    assert info["content"]["status"] == "ok"
    assert waiting.states[-1] == "busy"
    page.submit(widget, page.question(widget), "Still here.")
    assert "Still here." in waiting.finish().printed


@pytest.mark.parametrize("wait", ["run.result()", "await run"])
def test_the_stop_button_ends_the_wait_and_not_the_run(
    page: Kernel, thread_id: str, wait: str
) -> None:
    _, widget = start(page, thread_id)
    waiting = page.run(f"print('waits', flush=True); {wait}")
    form = page.question(widget)
    page.wait_for(lambda: waiting.printed)
    page.interrupt()

    assert (waiting.settle().error or "").startswith(("KeyboardInterrupt", "CancelledError"))
    assert _printed(page, "print(run.status)") == "interrupted\n"
    page.submit(widget, form, "After all.")
    assert "After all." in page.run("print(run.result())").finish().printed
