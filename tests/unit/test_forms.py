"""A payload becomes a form: the question, the context, the kind of answer."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, Field, SecretStr, TypeAdapter

from nbflow.forms import form_of, plain_answer, without_secrets
from nbflow.forms.model import Form
from nbflow.forms.schema import FORM_BYTES
from nbflow.types import Interrupt

ID = "0" * 31 + "1"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
HIDDEN = "••••••"


def ask(value: Any, schema: dict[str, Any] | None = None, task: str | None = None) -> Form:
    """The form for one question, proven to be JSON, in shape and within its bound."""
    form = form_of(Interrupt(value=value, id=ID, response_schema=schema), task)
    written = json.dumps(form, allow_nan=False, ensure_ascii=False).encode()
    assert len(written) <= FORM_BYTES
    assert json.loads(written) == form
    TypeAdapter(Form).validate_python(form, strict=True)
    return form


def test_a_text_is_its_own_question() -> None:
    assert ask("Approve?", task="write") == {
        "interrupt_id": ID,
        "task": "write",
        "title": "Approve?",
        "context": [],
        "schema": {},
        "has_initial": False,
        "actions": [],
    }


def test_the_first_line_is_the_title_and_the_rest_is_context() -> None:
    form = ask("## Review this\n\n- one\n- two")

    assert form["title"] == "Review this"
    assert form["context"] == [{"label": "", "kind": "markdown", "value": "- one\n- two"}]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Send **all** of it?", "Send all of it?"),
        ("**Send it?**", "Send it?"),
        ("Is 2**3 more than 3**2?", "Is 2**3 more than 3**2?"),
        ("May f(**args) and g(**more) run?", "May f(**args) and g(**more) run?"),
    ],
)
def test_a_title_has_no_marks_of_bold_text(text: str, title: str) -> None:
    assert form_of(Interrupt(value=text, id="0" * 32))["title"] == title


def test_a_long_line_is_shortened_as_title_and_whole_as_context() -> None:
    form = ask("word " * 100)

    assert len(form["title"]) <= 200
    assert form["context"][0]["value"] == ("word " * 100).strip()


@pytest.mark.parametrize(
    "key", ["question", "message", "prompt", "title", "instruction", "instructions", "action"]
)
def test_a_mapping_names_its_question(key: str) -> None:
    form = ask({"essay": "An essay about cats", key: "Please review"})

    assert form["title"] == "Please review"
    assert form["context"] == [{"label": "Essay", "kind": "text", "value": "An essay about cats"}]


@pytest.mark.parametrize("payload", [None, {}, [], 7, "", "  \n "])
def test_a_payload_without_a_question_gets_a_plain_title(payload: Any) -> None:
    assert ask(payload)["title"] == "Your input is needed"


@pytest.mark.parametrize(
    "text",
    ["# Head", "a\n- b", "1. a", "**b**", "see [this](http://x.org)", "```\nx\n```", "|a|\n|---|"],
)
def test_markdown_is_recognised(text: str) -> None:
    assert ask({"question": "?", "x": text})["context"][0]["kind"] == "markdown"


@pytest.mark.parametrize("text", ["plain", "a * b * c", "snake_case_name", "5 - 3", "#hashtag"])
def test_plain_text_stays_text(text: str) -> None:
    assert ask({"question": "?", "x": text})["context"][0]["kind"] == "text"


def test_records_become_a_table_and_the_rest_a_tree() -> None:
    form = ask({"rows": [{"a": 1, "b": dt.date(2024, 2, 1)}, {"a": 2}], "deep": {"x": [1]}})

    assert form["context"] == [
        {
            "label": "Rows",
            "kind": "table",
            "value": {"columns": ["a", "b"], "rows": [[1, "2024-02-01"], [2, None]], "total": 2},
        },
        {"label": "Deep", "kind": "json", "value": {"x": [1]}},
    ]


def test_a_long_table_says_how_long_it_is() -> None:
    table = ask({"rows": [{"n": n} for n in range(10_000)]})["context"][0]["value"]

    assert (len(table["rows"]), table["total"]) == (200, 10_000)


def test_a_data_frame_becomes_a_table() -> None:
    frame = pd.DataFrame({"sex": ["F", None], "mass": [3750.0, float("nan")]}, index=["N1", "N2"])

    assert ask(frame)["context"][0]["value"] == {
        "columns": ["", "sex", "mass"],
        "rows": [["N1", "F", 3750.0], ["N2", None, None]],
        "total": 2,
    }


def test_options_become_a_choice() -> None:
    assert ask({"question": "Which?", "options": ["a", "b"]})["schema"] == {
        "type": "string",
        "enum": ["a", "b"],
    }
    assert ask({"question": "How many?", "options": [1, 2]})["schema"] == {"enum": [1, 2]}
    assert ask({"question": "?", "choices": [{"value": 1, "label": "One"}]})["schema"] == {
        "oneOf": [{"const": 1, "title": "One"}]
    }


def test_options_without_a_question_are_context() -> None:
    form = ask({"options": ["a", "b"]})

    assert form["schema"] == {}
    assert form["context"] == [{"label": "Options", "kind": "json", "value": ["a", "b"]}]


def test_models_and_dataclasses_are_read_like_mappings() -> None:
    class Model(BaseModel):
        question: str = "Right?"
        page: int = 3

    @dataclasses.dataclass
    class Data:
        question: str = "Right?"
        page: int = 3

    for payload in (Model(), Data()):
        form = ask(payload)
        assert form["title"] == "Right?"
        assert form["context"] == [{"label": "Page", "kind": "json", "value": 3}]


def test_a_declared_schema_is_drawn_and_its_default_begins_the_form() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "default": {"n": 1}}

    form = ask("How many?", schema)

    assert (form["schema"], form["initial"], form["has_initial"]) == (schema, {"n": 1}, True)


def test_what_a_field_begins_with_keeps_its_type() -> None:
    """A page does not tell 1.0 from 1, and knows a long number only as text."""
    long = 12345678901234567890
    properties: dict[str, Any] = {
        "rate": {"type": "number", "default": 1.0},
        "big": {"type": "integer", "default": long},
        "inner": {"$ref": "#/$defs/inner"},
        "typed": {"type": "number"},
    }
    inner = {"properties": {"rate": {"type": "number", "default": -0.0}}}
    schema = {"type": "object", "properties": properties, "$defs": {"inner": inner}}
    question = Interrupt(value="?", id="0" * 32, response_schema=schema)
    from_page = {"rate": 1, "big": str(long), "inner": {"rate": 0}, "typed": 1}
    answer = plain_answer(question, from_page)
    assert repr(answer) == repr({"rate": 1.0, "big": long, "inner": {"rate": -0.0}, "typed": 1})


def test_none_is_a_value_to_begin_with() -> None:
    form = ask("?", {"type": ["string", "null"], "default": None})

    assert (form["initial"], form["has_initial"]) == (None, True)


class Country(enum.Enum):
    GERMANY = "de"


class Address(BaseModel):
    street: str


class Order(BaseModel):
    billing_address: Address
    shipping_address: Address | None = None
    country: Country = Field(Country.GERMANY, alias="countryOfOrigin")
    named: Address = Field(title="By its title", default=Address(street="A"))
    note: str = ""


def test_fields_of_one_class_are_told_apart_by_their_own_names() -> None:
    """The class is called the same wherever it is used; the field is what is asked for."""
    declared = Order.model_json_schema()
    asked = form_of(Interrupt(value="?", id="0" * 32, response_schema=declared))
    assert {name: part["title"] for name, part in asked["schema"]["properties"].items()} == {
        "billing_address": "Billing Address",
        "shipping_address": "Shipping Address",
        "countryOfOrigin": "countryOfOrigin",
        "named": "By its title",
        "note": "Note",
    }
    assert asked["schema"]["$defs"]["Address"]["title"] == "Address"


def test_secrets_are_not_in_the_form() -> None:
    class Login(BaseModel):
        user: str = "ada"
        password: SecretStr = SecretStr("hunter2")

    schema = Login.model_json_schema()
    schema["properties"]["password"]["default"] = "hunter2"
    schema["default"] = {"user": "ada", "password": "hunter2"}

    form = ask("Log in", schema)

    assert "hunter2" not in json.dumps(form)
    assert form["initial"] == {"user": "ada"}


def test_secrets_are_hidden_through_references_and_lists() -> None:
    schema = {
        "$defs": {"key": {"type": "string", "writeOnly": True}},
        "properties": {
            "keys": {"type": "array", "items": {"$ref": "#/$defs/key"}},
            "maybe": {"anyOf": [{"$ref": "#/$defs/key"}, {"type": "null"}]},
            "name": {"type": "string"},
        },
    }

    shown = without_secrets({"keys": ["a", "b"], "maybe": "c", "name": "d", "more": 1}, schema)

    assert shown == {"keys": [HIDDEN, HIDDEN], "maybe": HIDDEN, "name": "d", "more": 1}


def test_secrets_of_an_instance_are_hidden() -> None:
    class Login(BaseModel):
        user: str
        password: str = Field(json_schema_extra={"writeOnly": True})
        photo: bytes = b""

    schema = Login.model_json_schema()

    shown = without_secrets([Login(user="ada", password="hunter2")], {"items": schema})
    unshown = without_secrets(Login(user="ada", password="hunter2", photo=b"\xff"), schema)

    assert shown == [{"user": "ada", "password": HIDDEN, "photo": ""}]
    assert unshown == HIDDEN
    assert without_secrets(b"\xff", {"type": "string"}) == b"\xff"


def test_a_recursive_schema_is_read_to_its_end() -> None:
    schema = {"$ref": "#/$defs/node", "$defs": {"node": {"properties": {}}}}
    schema["$defs"]["node"]["properties"]["next"] = {"$ref": "#/$defs/node"}  # type: ignore[index]

    assert without_secrets({"next": {"next": {}}}, schema) == {"next": {"next": {}}}


def test_strange_values_are_made_readable() -> None:
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    payload = {
        "question": "?",
        "nan": float("nan"),
        "large": 2**70,
        "bytes": b"\xff\x00",
        "cycle": cyclic,
        "surrogate": ["\ud800"],
        3: {4: dt.timedelta(seconds=5)},
    }

    assert {field["label"]: field["value"] for field in ask(payload)["context"]} == {
        "Nan": "NaN",
        "Large": str(2**70),
        "Bytes": "b'\\xff\\x00'",
        "Cycle": ["… (contains itself)"],
        "Surrogate": ["\\ud800"],
        "3": {"4": "0:00:05"},
    }


class Hostile:
    """An object that answers nothing."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "payload",
    [
        {f"k{n}": "é" * 100_000 for n in range(50)},
        {"question": "x" * 5_000_000, "rows": [{"a": "y" * 10_000}] * 10_000},
        {f"key {n}": n for n in range(100_000)},
        [[{"a": list(range(1_000))}] * 1_000] * 1_000,
        {"question": "?", "x": Hostile(), "y": [Hostile()]},
        Hostile(),
    ],
    ids=["texts", "rows", "keys", "deep", "hostile parts", "hostile"],
)
def test_no_payload_is_too_much(payload: Any) -> None:
    assert ask(payload)["title"]


def test_a_schema_too_large_to_draw_says_so() -> None:
    form = ask("?", {"enum": [f"choice number {n}" for n in range(100_000)]})

    assert form["schema"] == {}
    assert "too large" in form["context"][0]["value"]


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        (b"GIF89a ...", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_bytes_of_a_picture_are_a_picture(head: bytes, mime: str) -> None:
    form = ask({"question": "?", "chart": head})

    data = base64.b64encode(head).decode()
    assert form["context"] == [
        {"label": "Chart", "kind": "image", "value": {"mime": mime, "data": data}}
    ]


def test_a_picture_that_is_too_large_is_named() -> None:
    form = ask({"question": "?", "chart": PNG + bytes(200_000)})

    text = "PNG picture of 200,028 bytes; up to 90,000 are shown here"
    assert form["context"] == [{"label": "Chart", "kind": "text", "value": text}]


@pytest.mark.parametrize("data", [b"<svg onload='x()'/>", b"<html>", b"\x00\x01", b""])
def test_other_bytes_are_no_picture(data: bytes) -> None:
    assert ask({"question": "?", "x": data})["context"][0]["kind"] == "json"


class _Plot:
    def _repr_html_(self) -> str:
        return "<script>x()</script>"

    def _repr_png_(self) -> bytes:
        return PNG


class _Note:
    def _repr_markdown_(self) -> str:
        return "**Look** at this"


class _Broken:
    def _repr_png_(self) -> bytes:
        raise RuntimeError("no")


def test_an_object_shows_what_ipython_would_show_without_html() -> None:
    form = ask({"question": "?", "plot": _Plot(), "note": _Note(), "broken": _Broken()})

    assert [field["kind"] for field in form["context"]] == ["image", "markdown", "json"]
    assert "script" not in json.dumps(form)


def test_arrays_and_series_are_tables() -> None:
    series = pd.Series([1.5, 2.5], index=["a", "b"], name="mass")
    grid, line, cube = np.arange(6).reshape(2, 3), np.arange(300), np.zeros((2, 2, 2))
    form = ask({"question": "?", "series": series, "grid": grid, "line": line, "cube": cube})

    by_label = {field["label"]: field for field in form["context"]}
    assert by_label["Series"]["value"] == {
        "columns": ["", "mass"], "rows": [["a", 1.5], ["b", 2.5]], "total": 2,
    }  # fmt: skip
    assert by_label["Grid"]["value"] == {
        "columns": ["0", "1", "2"], "rows": [[0, 1, 2], [3, 4, 5]], "total": 2,
    }  # fmt: skip
    assert by_label["Line"]["value"]["total"] == 300
    assert len(by_label["Line"]["value"]["rows"]) == 200
    assert by_label["Cube"]["kind"] == "json"


def test_text_that_turns_its_direction_is_written_out() -> None:
    """Fault 36: nobody approves `exe.png` that is `gnp.exe`; what is filled in stays as it is."""
    turned, shown = "a\u202egnp.exe\x1b[31m\x00", "a\\u202egnp.exe\\u0000"
    call = {"name": turned, "args": {turned: turned, "n": [turned]}, "description": turned}
    allowed = {"action_name": turned, "allowed_decisions": ["approve", "edit"]}
    form = form_of(
        Interrupt(value={"action_requests": [call], "review_configs": [allowed]}, id="0" * 32)
    )
    schema = {"title": turned, "properties": {"title": {"enum": [turned], "description": turned}}}
    asked = {"question": turned, "rows": [{turned: turned}], turned: f"**{turned}**"}
    plain = form_of(Interrupt(value=asked, id="0" * 32, response_schema=schema))

    (action,) = form["actions"]
    assert action["name"] == shown
    assert [field["value"] for field in action["context"]] == [shown, shown, [shown]]
    assert action["decisions"][1]["initial"] == {turned: turned, "n": [turned]}
    assert form["title"] == shown
    assert plain["title"] == shown
    assert plain["context"] == [
        {
            "label": "Rows",
            "kind": "table",
            "value": {"columns": [shown], "rows": [[shown]], "total": 1},
        },
        {"label": shown.capitalize(), "kind": "markdown", "value": f"**{shown}**"},
    ]
    properties = {"title": {"enum": [turned], "description": shown}}
    assert plain["schema"] == {"title": shown, "properties": properties}
