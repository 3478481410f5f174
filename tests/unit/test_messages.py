"""The golden messages keep to the protocol; the front end's tests read the same files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from nbflow.widgets.history_protocol import PastToBrowser, PastToKernel
from nbflow.widgets.inbox_protocol import InboxSnapshot, InboxToBrowser, InboxToKernel
from nbflow.widgets.panel_protocol import PanelSnapshot, PanelToBrowser, PanelToKernel
from nbflow.widgets.protocol import (
    PROTOCOL,
    AskHistory,
    History,
    Snapshot,
    ToBrowser,
    ToKernel,
)
from nbflow.widgets.start_protocol import StartSnapshot, StartToBrowser, StartToKernel

GOLDEN = Path(__file__).parents[1] / "messages"


@with_config(ConfigDict(extra="forbid", strict=True))
class Golden(TypedDict):
    about: str
    snapshot: Snapshot
    to_browser: list[Annotated[ToBrowser, Field(discriminator="type")]]
    to_kernel: list[Annotated[ToKernel, Field(discriminator="type")]]


@with_config(ConfigDict(extra="forbid", strict=True))
class GoldenInbox(TypedDict):
    about: str
    snapshot: InboxSnapshot
    to_browser: list[Annotated[InboxToBrowser, Field(discriminator="type")]]
    to_kernel: list[Annotated[InboxToKernel, Field(discriminator="type")]]


@with_config(ConfigDict(extra="forbid", strict=True))
class GoldenStart(TypedDict):
    about: str
    snapshot: StartSnapshot
    to_browser: list[Annotated[StartToBrowser, Field(discriminator="type")]]
    to_kernel: list[Annotated[StartToKernel, Field(discriminator="type")]]


@with_config(ConfigDict(extra="forbid", strict=True))
class GoldenPanel(TypedDict):
    about: str
    snapshot: PanelSnapshot
    to_browser: list[Annotated[PanelToBrowser, Field(discriminator="type")]]
    to_kernel: list[Annotated[PanelToKernel, Field(discriminator="type")]]


@with_config(ConfigDict(extra="forbid", strict=True))
class GoldenPast(TypedDict):
    about: str
    snapshot: Snapshot
    to_browser: list[Annotated[PastToBrowser | History, Field(discriminator="type")]]
    to_kernel: list[Annotated[PastToKernel | AskHistory, Field(discriminator="type")]]


GOLDEN_FILE: TypeAdapter[Golden] = TypeAdapter(Golden)
INBOX = GOLDEN / "inbox.json"
START = GOLDEN / "start.json"
PAST = GOLDEN / "past.json"
PANEL = GOLDEN / "panel.json"
FILES = sorted(path for path in GOLDEN.glob("*.json") if path not in (INBOX, START, PAST, PANEL))


def load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def kinds(union: Any) -> set[str]:
    """The ``type`` of each message in a union."""
    found: set[str] = set()
    for member in get_args(union):
        annotation = TypeAdapter(member).json_schema()["properties"]["type"]
        found.add(annotation["const"])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_file_keeps_to_the_protocol(path: Path) -> None:
    data = load(path)

    assert GOLDEN_FILE.validate_python(data) == data
    assert data["snapshot"]["protocol"] == PROTOCOL


@pytest.mark.parametrize(
    ("path", "shape", "says", "hears"),
    [
        (INBOX, GoldenInbox, InboxToBrowser, InboxToKernel),
        (PANEL, GoldenPanel, PanelToBrowser, PanelToKernel),
        (START, GoldenStart, StartToBrowser, StartToKernel),
        (PAST, GoldenPast, PastToBrowser | History, PastToKernel | AskHistory),
    ],
    ids=["inbox", "panel", "start", "past"],
)
def test_another_view_keeps_to_its_protocol(path: Path, shape: Any, says: Any, hears: Any) -> None:
    data: Any = load(path)

    assert TypeAdapter(shape).validate_python(data) == data
    assert data["snapshot"]["protocol"] == PROTOCOL
    assert {message["type"] for message in data["to_browser"]} == kinds(says)
    assert {message["type"] for message in data["to_kernel"]} == kinds(hears)
