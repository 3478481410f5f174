"""What came in as a secret is hidden wherever the run shows it again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from nbflow import events as ev
from nbflow.forms.schema import HIDDEN
from nbflow.forms.secrets import Secrets
from nbflow.types import Failure, Interrupt
from nbflow.widgets.wire import Encoder

TOKEN = {"type": "object", "properties": {"token": {"type": "string", "writeOnly": True}}}


def _known(token: Any) -> Secrets:
    secrets = Secrets()
    assert secrets.take({"token": token, "user": "ada"}, TOKEN) == {"token": HIDDEN, "user": "ada"}
    return secrets


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("hunter2", "xhunter2x", f"x{HIDDEN}x"),
        ("hunter2", {"hunter2": ["hunter2", 2]}, {HIDDEN: [HIDDEN, 2]}),
        ('a"b\nc', json.dumps({"k": 'a"b\nc'}), f'{{"k": "{HIDDEN}"}}'),
        ('a"b\nc', repr(['a"b\nc']), f"['{HIDDEN}']"),
        ("schlüssel", json.dumps("schlüssel"), f'"{HIDDEN}"'),
        ("pin", "pin spin pin.", f"{HIDDEN} spin {HIDDEN}."),
        (4711, "code 4711, 47110", f"code {HIDDEN}, 47110"),
        ("no", "no, nothing", "no, nothing"),
        ("hunter2 of the forest", "it is hunter2 of… (9 more)", f"it is {HIDDEN}… (9 more)"),
        ("hunter2 of the forest", "it is hunter2 of th", f"it is {HIDDEN}"),
        ("hunter2", "hunters… and hunt them", "hunters… and hunt them"),
        ("a.c+d*(e", "a.c+d*(e abc", f"{HIDDEN} abc"),
    ],
)
def test_a_secret_is_hidden_as_whatever_it_is_written(secret: Any, text: Any, shown: Any) -> None:
    assert _known(secret).hide(text) == shown


def test_pydantics_own_secrets_are_known_by_their_value() -> None:
    class Login(BaseModel):
        user: str
        password: SecretStr

    @dataclass
    class Account:
        login: Login

    secrets = Secrets()
    login = Login(user="ada", password=SecretStr("hunter2"))
    secrets.take({"all": [Account(login)]}, {"properties": {"all": {"items": {
        "properties": {"login": Login.model_json_schema()}}}}})  # fmt: skip

    assert secrets.hide("ada's is hunter2") == f"ada's is {HIDDEN}"


def test_a_value_that_contains_itself_ends_the_walk() -> None:
    ring: dict[str, Any] = {"token": "hunter2"}
    ring["ring"] = ring

    secrets = Secrets()
    assert secrets.take(ring, TOKEN) == HIDDEN
    assert secrets.hide("hunter2") == HIDDEN


class _Login(BaseModel):
    user: str
    password: Annotated[str, Field(json_schema_extra={"format": "password"})]


def test_no_message_of_a_run_holds_a_secret() -> None:
    """P23: from the input on, in whatever the code does with it."""
    schema = {
        "type": "object",
        "properties": {"pin": {"type": "string", "format": "password", "default": "default-pin"}},
    }
    asked = Interrupt(
        {"question": "Is hunter2 right?", "rows": [{"hunter2": "hunter2"}], "note": "**hunter2**"},
        "0" * 32, schema, deadline=9.0, on_timeout="default", default={"pin": "later-pin"},
    )  # fmt: skip
    failure = Failure(
        type="ValueError", message="401: hunter2 given-pin", traceback="in f\n  f('hunter2')",
        notes=("for later-pin",),
    )  # fmt: skip
    call: dict[str, Any] = {"id": "1", "name": "log_in", "parent": None}
    told = [
        ev.RunStarted(
            workflow="w", thread_id="1", run_id="0" * 32, resumed=False,
            input=_Login(user="ada", password="hunter2"),
        ),
        ev.TaskStarted(**call, input=(("hunter2",), {"again": ["hunter2"]}), attempt=1),
        ev.Asked(interrupt=asked, task="1"),
        ev.Answered(interrupt_id="0" * 32, answer={"pin": "given-pin"}, by="ada", via="form"),
        ev.Custom(task=None, data={"hunter2": "given-pin"}),
        ev.TaskRetried(**call, attempt=1, wait_s=1.0, error=failure),
        ev.TaskFailed(**call, error=failure, duration_s=1.0, replayed=False),
        ev.TaskFinished(**call, result=b"hunter2", duration_s=1.0, replayed=False),
        ev.RunEnded(workflow="w", status="done", value="hunter2 later-pin"),
        ev.RunEnded(workflow="w", status="error", error=failure),
    ]  # fmt: skip
    encoder = Encoder(_Login.model_json_schema())

    sent = json.dumps([encoder.encode(event) for event in told])

    for secret in ("hunter2", "given-pin", "later-pin", "default-pin"):
        assert secret not in sent
    assert "ada" in sent and "Is " in sent


def test_the_words_of_the_protocol_stay() -> None:
    encoder = Encoder({"type": "string", "format": "password"})
    encoder.encode(
        ev.RunStarted(workflow="w", thread_id="1", run_id="0" * 32, resumed=False, input="done")
    )
    ended: Any = encoder.encode(ev.RunEnded(workflow="w", status="done", value="done"))

    assert (ended["status"], ended["value"]["text"], ended["value"]["kind"]) == (
        "done", HIDDEN, "text",
    )  # fmt: skip


def test_a_form_begins_without_the_secrets_of_a_decision() -> None:
    from nbflow.forms import form_of

    args_schema = {
        "type": "object",
        "properties": {"to": {"type": "string"}, "key": {"type": "string", "writeOnly": True}},
    }
    call = {"name": "send", "args": {"to": "kim", "key": "hunter2"}}
    config = {"action_name": "send", "allowed_decisions": ["edit"], "args_schema": args_schema}
    request = {"action_requests": [call], "review_configs": [config]}
    form = form_of(Interrupt(request, "0" * 32))

    assert form["actions"][0]["decisions"][0]["initial"] == {"to": "kim"}
    assert "hunter2" not in json.dumps(form)
