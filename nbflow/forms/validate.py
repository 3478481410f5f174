"""What is wrong with a value, by its JSON Schema (draft 2020-12 unless the schema says another)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from nbflow.widgets.protocol import FieldError

__all__ = ["faults"]


def faults(schema: dict[str, Any], value: Any) -> list[FieldError]:
    """Return every way in which ``value`` does not fit; none for a schema that is not one.

    >>> faults({"type": "object", "required": ["to"]}, {})[0]["message"]
    '"to" is a required property'
    """
    try:
        validator = jsonschema_rs.validator_for(schema)
    except (jsonschema_rs.ValidationError, ValueError):
        return []
    return [
        {"path": list(error.instance_path), "message": error.message}
        for error in validator.iter_errors(value)
    ]
