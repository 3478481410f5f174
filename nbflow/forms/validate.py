"""What is wrong with a value, by its JSON Schema (draft 2020-12 unless the schema says another)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbflow._json_schema import faults_of, validator_of

if TYPE_CHECKING:
    from nbflow.widgets.protocol import FieldError

__all__ = ["faults"]


def faults(schema: dict[str, Any], value: Any) -> list[FieldError]:
    """Return every way in which ``value`` does not fit; none for a schema that is not one.

    >>> faults({"type": "object", "required": ["to"]}, {})[0]["message"]
    '"to" is a required property'
    """
    try:
        validator = validator_of(schema)
    except ValueError:
        return []
    found: list[Any] = faults_of(validator, value)
    return found
