"""Which databases the server reads: those under its root that the user named, and no others."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.server.conftest import Door, make_database

pytestmark = pytest.mark.timeout(90)


def test_a_database_is_named_once_and_kept_until_it_is_forgotten(door: Door, database: str) -> None:
    before = door.ask("GET").json()["databases"]
    named = door.ask("POST", database)
    again = door.ask("POST", f"./{database}")

    assert named.status_code == again.status_code == 200
    assert named.json() == again.json() == {"databases": [*before, database]}
    assert door.ask("GET").json() == {"databases": [*before, database]}
    assert door.ask("DELETE", database).json() == {"databases": before}
    assert door.ask("GET").json() == {"databases": before}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_who_has_no_token_is_refused(door: Door, database: str, method: str) -> None:
    refused = door.ask(method, database, headers={})

    assert refused.status_code == 403
    assert database not in door.ask("GET").json()["databases"]


def test_a_cookie_alone_is_not_enough_to_name_one(door: Door, database: str) -> None:
    with httpx.Client(base_url=door.server.url, follow_redirects=True) as browser:
        browser.get("/", params={"token": door.server.token})
        assert browser.get("/nbflow/databases").status_code == 200
        body = json.dumps({"path": database})
        refused = browser.post("/nbflow/databases", content=body)
        crumb = browser.cookies["_xsrf"]
        taken = browser.post("/nbflow/databases", content=body, headers={"X-XSRFToken": crumb})

    assert refused.status_code == 403 and "_xsrf" in refused.text
    assert taken.status_code == 200
    door.ask("DELETE", database)


def test_nothing_outside_of_the_root_is_named(door: Door, tmp_path: Path) -> None:
    outside = tmp_path / "outside.sqlite"
    make_database(outside)
    root = door.server.root
    (root / "link.sqlite").symlink_to(outside)
    (root / "way").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    up = os.path.relpath(outside, root)

    refusals = {
        path: door.ask("POST", path)
        for path in ("link.sqlite", "way/outside.sqlite", up, f"no/../{up}", "loop")
    }

    reasons = {path: one.json()["reason"] for path, one in refusals.items()}
    assert {one.status_code for one in refusals.values()} <= {400, 403, 404}
    assert set(reasons.values()) <= {"outside", "missing"}
    assert reasons["link.sqlite"] == reasons["way/outside.sqlite"] == reasons[up] == "outside"


def test_a_link_that_stays_inside_names_what_it_leads_to(door: Door, database: str) -> None:
    (door.server.root / "inside").symlink_to(database)

    assert database in door.ask("POST", "inside").json()["databases"]
    assert "inside" not in door.ask("DELETE", database).json()["databases"]


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "a\0b", "a\nb", "C:\\x", "x" * 2_000, None, 7, True, {}, ["runs.sqlite"]],
)
def test_what_is_no_path_is_refused(door: Door, path: object) -> None:
    refused = door.ask("POST", path)

    assert (refused.status_code, refused.json()["reason"]) == (400, "bad_request")
    assert "Expected" in refused.json()["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"[" * 5_000, b"\xff\xfe"])
def test_what_is_no_request_is_refused(door: Door, body: bytes) -> None:
    refused = door.ask("POST", content=body)

    assert (refused.status_code, refused.json()["reason"]) == (400, "bad_request")


def test_only_databases_of_nbflow_are_named(door: Door, tmp_path: Path) -> None:
    root = door.server.root
    (root / "text.sqlite").write_text("not a database")
    (root / "empty.sqlite").write_bytes(b"")
    (root / "folder.sqlite").mkdir()
    os.mkfifo(root / "pipe.sqlite")
    with sqlite3.connect(root / "other.sqlite") as other:
        other.execute("create table thread (x)")
    other.close()
    make_database(tmp_path / "whole.sqlite")
    whole = (tmp_path / "whole.sqlite").read_bytes()
    (root / "torn.sqlite").write_bytes(whole[:100] + b"\xff" * 4_000)

    names = ("text", "empty", "folder", "pipe", "other", "torn")
    refusals = [door.ask("POST", f"{name}.sqlite") for name in names]

    assert {one.status_code for one in refusals} == {422}
    assert {one.json()["reason"] for one in refusals} == {"no_database"}


def test_hidden_files_and_those_that_are_not_there_are_refused(door: Door) -> None:
    make_database(door.server.root / ".secret.sqlite")
    hidden, gone = door.ask("POST", ".secret.sqlite"), door.ask("POST", "gone.sqlite")

    assert (hidden.status_code, hidden.json()["reason"]) == (403, "hidden")
    assert (gone.status_code, gone.json()["reason"]) == (404, "missing")


def test_a_strange_name_is_a_name(door: Door) -> None:
    name = "a b%3f#?&<b>é;drop.sqlite"
    make_database(door.server.root / name)

    assert name in door.ask("POST", name).json()["databases"]
    assert quote(name) not in door.ask("GET").json()["databases"]
    door.ask("DELETE", name)
