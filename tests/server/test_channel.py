"""The channel to a named database: its runs, its questions, and answers with no kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPClientError

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.threads import threads
from nbflow.types import interrupt
from tests.server.conftest import Channel, Door

pytestmark = pytest.mark.timeout(90)

ASK: dict[str, Any] = {
    "type": "questions", "request": "1", "workflow": None, "text": "", "older_than_s": 0,
    "mark": "",
}  # fmt: skip
LIST: dict[str, Any] = {"type": "runs", "request": "1", "mark": ""}


async def _rows(channel: Channel, **filters: Any) -> list[Any]:
    answer = await channel.answer({**ASK, **filters})
    rows: list[Any] = answer["listing"]["rows"]
    return rows


async def test_a_panel_hears_what_waits(door: Door, database: str) -> None:
    door.ask("POST", database)
    async with door.channel(database, "panel") as channel:
        first = await channel.frame()
        told = await channel.answer(LIST)
        same = await channel.answer({**LIST, "mark": told["mark"]})
    door.ask("DELETE", database)

    assert set(first) == {"snapshot"}
    assert told["list"]["waiting"] == 3 and told["list"]["more"] == 0
    seen = [
        (row["key"], row["workflow"], row["status"], row["questions"][0]["title"])
        for row in told["list"]["rows"]
    ]
    assert seen == [
        (topic, "review", "interrupted", f"Publish {topic}?") for topic in ("ants", "bees", "cats")
    ]
    assert same["list"] is None


async def test_a_question_is_answered_and_asked_again(door: Door, database: str) -> None:
    door.ask("POST", database)
    async with door.channel(database) as channel:
        [bees] = await _rows(channel, text="bees")
        wanted = bees["interrupt_id"]
        opened = await channel.answer({"type": "open", "request": "2", "interrupt_id": wanted})
        wrong = await channel.answer(
            {"type": "submit", "submission": "s1", "interrupt_id": wanted, "value": "perhaps"}
        )
        right = await channel.answer(
            {"type": "submit", "submission": "s2", "interrupt_id": wanted, "value": True}
        )
        left = [row["thread_id"] for row in await _rows(channel)]
        undone = await channel.answer({"type": "undo", "request": "3", "interrupt_id": wanted})
        back = [row["thread_id"] for row in await _rows(channel)]
    door.ask("DELETE", database)

    assert opened["form"]["schema"]["type"] == "boolean" and opened["note"] == ""
    assert (wrong["status"], right["status"]) == ("invalid", "accepted")
    assert left == ["ants", "cats"]
    assert (undone["status"], sorted(back)) == ("undone", ["ants", "bees", "cats"])


async def test_the_run_goes_on_where_its_code_is(door: Door, database: str) -> None:
    door.ask("POST", database)
    async with door.channel(database) as channel:
        [ants] = await _rows(channel, text="ants")
        submit = {"type": "submit", "submission": "s1", "interrupt_id": ants["interrupt_id"]}
        receipt = await channel.answer({**submit, "value": False})
    door.ask("DELETE", database)

    with SqliteSaver(door.server.root / database) as saver:

        @entrypoint(checkpointer=saver)
        def review(topic: str) -> Any:
            return interrupt({"question": f"Publish {topic}?"}, response_schema=bool)

        assert receipt["status"] == "accepted"
        assert review.invoke(None, {"configurable": {"thread_id": "ants"}}) is False


async def test_reading_changes_no_byte(door: Door, database: str) -> None:
    path = door.server.root / database
    before = path.read_bytes()
    door.ask("POST", database)
    async with door.channel(database, "panel") as panel, door.channel(database) as inbox:
        await panel.answer(LIST)
        assert len(await _rows(inbox)) == 3
    door.ask("DELETE", database)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "shows", "reason"),
    [
        ("", "inbox", "bad_request"),
        ("../x.sqlite", "inbox", "outside"),
        ("not_named.sqlite", "inbox", "not_named"),
        (None, "shell", "bad_request"),
    ],
)
async def test_what_may_not_be_opened_is_refused_with_a_reason(
    door: Door, database: str, name: str | None, shows: str, reason: str
) -> None:
    door.ask("POST", database)
    async with door.channel(database if name is None else name, shows) as channel:
        refused, end = await channel.frame(), await channel.frame()
    door.ask("DELETE", database)

    assert refused["refused"]["reason"] == reason
    assert end is None


async def test_who_has_no_token_gets_no_channel(door: Door, database: str) -> None:
    door.ask("POST", database)
    with pytest.raises(HTTPClientError) as refused:
        async with door.channel(database, headers={}):
            pass
    door.ask("DELETE", database)

    assert refused.value.code == 403


async def test_a_page_of_another_site_gets_no_channel(door: Door, database: str) -> None:
    """It would come with the cookie of the person who has both open."""
    door.ask("POST", database)
    async with httpx.AsyncClient(base_url=door.server.url, follow_redirects=True) as browser:
        await browser.get("/", params={"token": door.server.token})
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    own = {"Cookie": cookie, "Origin": door.server.url}
    async with door.channel(database, headers=own) as channel:
        assert "snapshot" in await channel.frame()
    with pytest.raises(HTTPClientError) as refused:
        async with door.channel(database, headers={**own, "Origin": "http://evil.example"}):
            pass
    door.ask("DELETE", database)

    assert refused.value.code == 403


async def test_nonsense_is_answered_and_the_channel_lives_on(door: Door, database: str) -> None:
    door.ask("POST", database)
    async with door.channel(database) as channel:
        wrong: list[Any] = [None, 7, [], "x", {}, {"type": []}, {"type": "open", "request": 3}]
        for nonsense in wrong:
            assert (await channel.answer(nonsense))["type"] == "failed"
        await channel.socket.write_message("{" * 9)
        assert (await channel.frame())["message"]["type"] == "failed"
        assert len(await _rows(channel)) == 3
    door.ask("DELETE", database)


async def test_a_database_that_goes_is_an_error_and_may_come_back(
    door: Door, database: str
) -> None:
    path = door.server.root / database
    aside = path.with_name("aside.sqlite")
    door.ask("POST", database)
    async with door.channel(database, "panel") as channel:
        assert (await channel.answer(LIST))["type"] == "runs"
        path.rename(aside)
        gone = await channel.answer(LIST)
        aside.rename(path)
        back = await channel.answer(LIST)
        door.ask("DELETE", database)
        forgotten = await channel.answer(LIST)

    assert gone["type"] == "failed" and "There is no file" in gone["message"]
    assert back["list"]["waiting"] == 3
    assert forgotten["type"] == "failed" and "was not named" in forgotten["message"]


async def test_a_database_that_was_replaced_is_read_anew(door: Door, database: str) -> None:
    path = door.server.root / database
    door.ask("POST", database)
    async with door.channel(database, "panel") as channel:
        assert (await channel.answer(LIST))["list"]["waiting"] == 3
        _replace(path)
        told = await channel.answer(LIST)
    door.ask("DELETE", database)

    assert told["list"] == {"rows": [], "more": 0, "waiting": 0}


def _replace(path: Path) -> None:
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    fresh = path.with_name("fresh.sqlite")
    with SqliteSaver(fresh) as saver:
        assert threads(saver) == []
    fresh.replace(path)
