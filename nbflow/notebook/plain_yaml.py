"""YAML as JSON has it: the same text means the same value, whichever of the two it is written in.

YAML 1.1 makes dates of texts and truth values of ``no`` and ``on``. Here plain scalars are what
JSON knows: null, true and false, numbers; all else is text. No tag makes an object of anything.
"""

from __future__ import annotations

from typing import Any

__all__ = ["read_yaml"]


def read_yaml(text: str) -> Any:
    """Return the value that a YAML document stands for.

    Raises:
        ValueError: it is no YAML, or has a tag that stands for no plain value.

    >>> read_yaml("{publish: no, day: 2026-11-27, price: 9.5, notes: null}")
    {'publish': 'no', 'day': '2026-11-27', 'price': 9.5, 'notes': None}
    """
    from yaml import YAMLError

    try:
        return _loader()(text).get_single_data()
    except YAMLError as exc:
        raise ValueError(" ".join(str(exc).split())) from exc


def _loader() -> Any:
    import re

    from yaml import SafeLoader

    class Loader(SafeLoader):
        yaml_implicit_resolvers = {}  # noqa: RUF012  # the base class's, as this one has them

    tags = {
        "null": r"~|null|NULL|Null|",
        "bool": r"true|false|True|False|TRUE|FALSE",
        "int": r"[-+]?(0|[1-9][0-9]*)",
        "float": r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
    }
    for name, pattern in tags.items():
        Loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{pattern})\Z"), None
        )
    return Loader
