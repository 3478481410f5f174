"""What a decision is about is shown as IPython would show it, whatever it is made of."""

from __future__ import annotations

from typing import Any

import matplotlib
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import Image, Markdown

import nbflow
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import NotSerializableError
from nbflow.forms import form_of
from nbflow.func import entrypoint, task
from nbflow.types import Command, interrupt
from tests.unit.drive import Config, Drive

matplotlib.use("agg")
from matplotlib.figure import Figure

PNG = b"\x89PNG\r\n\x1a\n"


def figure() -> Figure:
    drawn = Figure(figsize=(2, 1))
    drawn.subplots().plot([1, 3, 2])
    return drawn


class Broken:
    def _repr_png_(self) -> bytes:
        raise RuntimeError("no picture")


def fields(drive: Drive, workflow: Any, config: Config) -> list[dict[str, Any]]:
    (question,) = drive.invoke(workflow, 1, config)["__interrupt__"]
    return [dict(field) for field in form_of(question)["context"]]


def test_live_objects_are_shown(saver: BaseCheckpointSaver, drive: Drive, config: Config) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        payload = {
            "question": "Good?",
            "chart": figure(),
            "logo": Image(nbflow.picture(figure()), format="png"),
            "note": Markdown("**Hot** and *dry*"),
            "more": [{"chart": figure()}],
        }
        return interrupt(payload)

    chart, logo, note, more = fields(drive, workflow, config)

    assert [field["kind"] for field in (chart, logo, note)] == ["image", "image", "markdown"]
    assert chart["value"]["mime"] == "image/png"
    assert note["value"] == "**Hot** and *dry*"
    assert more["kind"] in ("json", "table")
    assert drive.invoke(workflow, Command(resume="yes"), config) == "yes"


def test_a_tasks_stored_results_are_shown(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    ran: list[str] = []

    @task
    def load() -> pd.DataFrame:
        ran.append("load")
        return pd.DataFrame({"n": range(5_000)})

    @task
    def draw() -> bytes:
        ran.append("draw")
        return nbflow.picture(figure())

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        table, chart = load().result(), draw().result()
        return [interrupt({"table": table, "chart": chart}), interrupt({"table": table})]

    table, chart = fields(drive, workflow, config)
    assert (table["kind"], table["value"]["total"]) == ("table", 5_000)
    assert len(table["value"]["rows"]) < 5_000
    assert chart["kind"] == "image"

    drive.invoke(workflow, Command(resume=1), config)
    assert drive.invoke(workflow, Command(resume=2), config) == [1, 2]
    assert ran == ["load", "draw"]


def test_in_a_shell_its_own_formatters_count() -> None:
    class Plot:
        """Something that a library has taught IPython to draw."""

    shell = InteractiveShell.instance()
    try:
        assert shell.display_formatter is not None
        shell.display_formatter.formatters["image/png"].for_type(Plot, lambda _: PNG)
        assert nbflow.picture(Plot()) == PNG
    finally:
        InteractiveShell.clear_instance()


@pytest.mark.parametrize("value", [object(), Broken(), {1: object()}], ids=repr)
def test_what_cannot_be_shown_is_refused_as_before(
    saver: BaseCheckpointSaver, drive: Drive, config: Config, value: Any
) -> None:
    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return interrupt({"what": value})

    with pytest.raises(NotSerializableError):
        drive.invoke(workflow, 1, config)


def test_a_figure_as_a_result_says_what_to_return(
    saver: BaseCheckpointSaver, drive: Drive, config: Config
) -> None:
    @task
    def draw() -> Figure:
        return figure()

    @entrypoint(checkpointer=saver)
    def workflow(n: int) -> Any:
        return draw().result()

    with pytest.raises(NotSerializableError) as caught:
        drive.invoke(workflow, 1, config)
    assert any("nbflow.picture(figure)" in note for note in caught.value.__notes__)


def test_no_picture_is_said() -> None:
    with pytest.raises(NotSerializableError, match="int has no picture"):
        nbflow.picture(3)
