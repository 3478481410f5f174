"""The kernel's judge of JSON Schemas, which come from code, from models and from strangers.

The invariant: a schema never makes the kernel open a file or a connection, and a pattern never
takes longer than its text is long.
"""

from __future__ import annotations

from typing import Any

__all__ = ["faults_of", "validator_of"]


def validator_of(schema: Any) -> Any:
    """A validator, of draft 2020-12 unless the schema names another one.

    Raises:
        ValueError: it is no JSON Schema, or refers to what is not in it.
    """
    import jsonschema_rs

    return jsonschema_rs.validator_for(
        schema, retriever=_refuse, pattern_options=jsonschema_rs.FancyRegexOptions(_BACKTRACKS)
    )


_BACKTRACKS = 100_000
"""Steps that a pattern may go back in one text; then the text counts as not fitting."""


def faults_of(validator: Any, value: Any) -> list[dict[str, Any]]:
    """Every way in which a JSON value does not fit: ``path`` (keys and indexes) and ``message``."""
    return [
        {"path": list(error.instance_path), "message": error.message}
        for error in validator.iter_errors(value)
    ]


def _refuse(address: str) -> Any:
    raise ValueError(
        f"the schema refers to {address}, and nothing outside of it is read: put it under $defs"
    )
