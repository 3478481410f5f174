"""The kernel's word on an answer: right by the standard, and safe with any schema."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from nbflow._json_schema import faults_of, validator_of
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.errors import DeclarationError
from nbflow.forms import form_of
from nbflow.func import entrypoint
from nbflow.types import Interrupt, interrupt
from tests.unit.drive import within
from tests.unit.json_schema_suite import CASES

LEFT = Path(__file__).parents[1] / "json_schema_suite" / "left_to_the_kernel.json"


def test_the_kernel_judges_right() -> None:
    """P9: all required tests; four refer to what cannot be in a schema, and are refused."""
    wrong: list[str] = []
    refused: list[str] = []
    for case in CASES:
        try:
            verdict = validator_of(case.schema).is_valid(case.value)
        except ValueError:
            refused.append(case.name)
            continue
        if verdict is not case.valid:
            wrong.append(case.name)
    named = json.loads(LEFT.read_text(encoding="utf-8"))
    assert len(CASES) == 1257
    assert wrong == []
    assert refused == next(one["tests"] for one in named if "refuses it" in one["reason"])


@pytest.fixture
def doorbell() -> Any:
    """The address of a server, and whether anybody came."""
    visitors: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    visitor, _ = server.accept()
                except OSError:
                    return
                visitors.append(visitor)
                visitor.close()

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/schema.json", visitors
        server.shutdown(socket.SHUT_RDWR)


def test_a_schema_opens_no_connection_and_no_file(doorbell: Any, tmp_path: Path) -> None:
    """268, 36: a model can write a schema, too."""
    address, visitors = doorbell
    file = tmp_path / "schema.json"
    file.write_text('{"type": "string"}', encoding="utf-8")
    for ref in (address, file.as_uri(), "urn:x", f"{address}#/a"):
        with pytest.raises(ValueError, match="nothing outside of it is read"):
            validator_of({"$ref": ref})

        @entrypoint(checkpointer=InMemorySaver())
        def workflow(_: int, ref: str = ref) -> Any:
            return interrupt("?", response_schema={"properties": {"a": {"$ref": ref}}})

        with pytest.raises(DeclarationError, match=r"put it under \$defs"):
            workflow.invoke(1, {"configurable": {"thread_id": "1"}})
        form_of(Interrupt(value="?", id="0" * 32, response_schema={"$ref": ref}))
    assert visitors == []


@pytest.mark.parametrize("pattern", ["^(a+)+$", r"^(?=(a|aa)+$)(a|aa)+\1c$", "(x+x+)+y"])
def test_a_pattern_takes_no_longer_than_its_text(pattern: str) -> None:
    validator = validator_of({"pattern": pattern})
    assert within(5.0, lambda: len(faults_of(validator, "a" * 5_000 + "x" * 5_000 + "!"))) == 1
