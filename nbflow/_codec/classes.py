"""Users' classes: dataclasses, Pydantic models, enums and named tuples.

They are stored as their qualified name and their fields, and rebuilt only when a class of that
name was registered in this process: by :func:`register`, from annotations, or because a value of
it was stored here. Rebuilding calls no ``__init__`` and no validator; where the stored fields are
not those of the class any more, the data are shown instead.
"""

from __future__ import annotations

import enum
import sys
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from nbflow._codec.kinds import EXCEPTION, Kind, Layout, Unavailable, Unencodable, add
from nbflow._codec.records import type_name
from nbflow.errors import DeclarationError

__all__ = ["family", "is_model", "register", "user_kind"]

_MISSING = object()
_BUILT_IN_STATE = (
    dict, list, tuple, str, bytes, bytearray, int, float, complex, set, frozenset, BaseException,
)  # fmt: skip
_PYDANTIC = ("pydantic.main", "pydantic.v1.main")

_known: weakref.WeakValueDictionary[str, type] = weakref.WeakValueDictionary()
_seen: weakref.WeakKeyDictionary[type, Kind] = weakref.WeakKeyDictionary()


def is_model(cls: type) -> bool:
    """Whether it is a Pydantic (2) model; does not import Pydantic."""
    pydantic = sys.modules.get("pydantic.main")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


def _is_old_model(cls: type) -> bool:
    """Whether it is a model of Pydantic 1, as ``pydantic.v1`` has it; does not import that."""
    pydantic = sys.modules.get("pydantic.v1.main")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


def family(cls: type) -> Kind | None:
    """The kind that stores values of this class; None for a class that nothing covers."""
    if issubclass(cls, enum.Enum):
        return _ENUM
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return _NAMEDTUPLE
    if issubclass(cls, BaseException):
        return EXCEPTION
    if issubclass(cls, _BUILT_IN_STATE):
        return None
    if is_model(cls):
        return _MODEL
    if _is_old_model(cls):
        return _OLD_MODEL
    if "__dataclass_fields__" in cls.__dict__:
        return _DATACLASS
    return None


def user_kind(cls: type) -> Kind | None:
    """As :func:`family`, and registers the class when it is seen for the first time."""
    kind = _seen.get(cls)
    if kind is None:
        kind = family(cls)
        if kind is not None:
            _seen[cls] = kind
            if kind is not EXCEPTION:
                _known[type_name(cls)] = cls
    return kind


def register(*types: type) -> None:
    """Let stored values of these classes be rebuilt; the newest class of a name counts.

    A class that cannot be stored anyway is passed over: ``dumps`` says so, with the remedy, when
    a value of it turns up.

    Raises:
        DeclarationError: something else than a class.
    """
    for cls in types:
        if not isinstance(cls, type):
            raise DeclarationError(
                f"register() got {cls!r}. Expected classes: dataclasses, Pydantic models, enums "
                "or named tuples."
            )
        kind = family(cls)
        if kind is not None and kind is not EXCEPTION:
            _seen[cls] = kind
            _known[type_name(cls)] = cls


def _descendants(roots: list[type]) -> Iterator[type]:
    """Subclasses of registered classes; bounded, and only asked for when a name is unknown."""
    seen: set[type] = set()
    pending: list[type] = [cls for cls in roots if cls.__module__ not in _PYDANTIC]
    while pending and len(seen) < 10_000:
        subclasses: list[type] = type.__subclasses__(pending.pop())
        for sub in subclasses:
            if sub not in seen:
                seen.add(sub)
                pending.append(sub)
                yield sub


def _find(name: Any, kind: Kind) -> type | None:
    if not isinstance(name, str):
        raise TypeError("a class name is text")
    cls = _known.get(name)
    if cls is None:
        for sub in _descendants(list(_known.values())):
            if type_name(sub) == name:
                cls = sub
        if cls is not None:
            _known[name] = cls
    return cls if cls is not None and family(cls) is kind else None


def _split_enum(value: enum.Enum) -> list[Any]:
    plain = type(value._value_) in (int, str, float, bool, bytes, type(None))
    return [type_name(type(value)), value._name_, value._value_ if plain else None]


def _build_enum(parts: list[Any]) -> Any:
    name, member, value = parts
    cls: Any = _find(name, _ENUM)
    if cls is not None and issubclass(cls, enum.Flag) and type(value) is int:
        found = _flag(cls, value)
        if found is not None:
            return found
    elif cls is not None:
        found = cls.__members__.get(member)
        if found is not None and (value is None or found._value_ == value):
            return found
    raise Unavailable(name, {"name": member, "value": value})


_make_flag: Any = vars(enum.Flag)["_missing_"].__func__
"""Makes combinations of members, and what a flag's boundary allows besides; Python's own."""


def _flag(cls: Any, value: int) -> Any:
    """The combination of flags; None where the class, as it is now, cannot have this value."""
    found = cls._value2member_map_.get(value)
    if found is None:
        with suppress(ValueError):
            found = _make_flag(cls, value)
    return found if isinstance(found, cls) and found._value_ == value else None


def _split_namedtuple(value: Any) -> list[Any]:
    if getattr(value, "__dict__", None):
        raise Unencodable("it has attributes besides its fields")
    cls = type(value)
    return [type_name(cls), dict(zip(cls._fields, tuple(value), strict=True))]


def _build_namedtuple(parts: list[Any]) -> Any:
    name, fields = parts
    cls: Any = _find(name, _NAMEDTUPLE)
    if cls is None or tuple(fields) != cls._fields:
        raise Unavailable(name, fields)
    return tuple.__new__(cls, fields.values())


def _field_values(value: object, names: Any) -> dict[str, Any]:
    fields = {}
    for name in names:
        part = getattr(value, name, _MISSING)
        if part is _MISSING:
            raise Unencodable(f"its field {name!r} has no value")
        fields[name] = part
    return fields


def _own_fields(cls: Any) -> list[Any]:
    """The true fields; ``ClassVar`` and ``InitVar`` are in the table too, marked."""
    fields = cls.__dataclass_fields__.values()
    return [f for f in fields if f._field_type.name == "_FIELD"]


def _split_dataclass(value: Any) -> list[Any]:
    cls = type(value)
    names = [f.name for f in _own_fields(cls)]
    parts: list[Any] = [type_name(cls), _field_values(value, names)]
    extra = {k: v for k, v in getattr(value, "__dict__", {}).items() if k not in parts[1]}
    if extra:
        parts.append(extra)
    return parts


def _dataclass_identity(value: Any) -> list[Any]:
    cls = type(value)
    own = _own_fields(cls)
    compared = [f.name for f in own if f.compare or not cls.__dataclass_params__.eq]
    return [type_name(cls), _field_values(value, compared)]


def _build_dataclass(parts: list[Any]) -> Any:
    name, fields, *extra = parts
    cls: Any = _find(name, _DATACLASS)
    if cls is None or {f.name for f in _own_fields(cls)} != fields.keys():
        raise Unavailable(name, fields)
    value: Any = object.__new__(cls)
    if extra and not hasattr(value, "__dict__"):
        raise Unavailable(name, fields)
    for key, part in fields.items():
        object.__setattr__(value, key, part)
    if extra:
        value.__dict__.update(extra[0])
    return value


def _split_model(value: Any) -> list[Any]:
    cls = type(value)
    state: dict[str, Any] = value.__dict__
    names = cls.__pydantic_fields__
    fields = {}
    for name in names:
        if name not in state:
            raise Unencodable(f"its field {name!r} has no value")
        fields[name] = state[name]
    other = {k: v for k, v in state.items() if k not in names}
    given = sorted(value.__pydantic_fields_set__)
    parts = [type_name(cls), fields, given, value.__pydantic_extra__, value.__pydantic_private__]
    return [*parts, other] if other else parts


def _model_identity(value: Any) -> list[Any]:
    name, fields, _, extra, private, *_ = _split_model(value)
    return [name, fields, extra, private]


def _build_model(parts: list[Any]) -> Any:
    name, fields, given, extra, private, *other = parts
    cls: Any = _find(name, _MODEL)
    if cls is None or cls.__pydantic_fields__.keys() != fields.keys():
        raise Unavailable(name, fields)
    value = object.__new__(cls)
    object.__setattr__(value, "__dict__", {**fields, **(other[0] if other else {})})
    object.__setattr__(value, "__pydantic_fields_set__", set(given))
    if not cls.__pydantic_root_model__:  # which has class attributes in the place of these slots
        object.__setattr__(value, "__pydantic_extra__", extra)
        object.__setattr__(value, "__pydantic_private__", private)
    return value


def _split_old_model(value: Any) -> list[Any]:
    cls = type(value)
    state: dict[str, Any] = value.__dict__
    fields = {name: part for name, part in state.items() if name in cls.__fields__}
    missing = cls.__fields__.keys() - fields.keys()
    if missing:
        raise Unencodable(f"its field {min(missing)!r} has no value")
    private = {
        name: getattr(value, name) for name in cls.__private_attributes__ if hasattr(value, name)
    }
    extra = {name: part for name, part in state.items() if name not in fields}
    return [type_name(cls), fields, sorted(value.__fields_set__), extra, private]


def _old_model_identity(value: Any) -> list[Any]:
    name, fields, _, extra, private = _split_old_model(value)
    return [name, fields, extra, private]


def _build_old_model(parts: list[Any]) -> Any:
    name, fields, given, extra, private = parts
    cls: Any = _find(name, _OLD_MODEL)
    if (
        cls is None
        or cls.__fields__.keys() != fields.keys()
        or not private.keys() <= cls.__private_attributes__.keys()
    ):
        raise Unavailable(name, fields)
    value = object.__new__(cls)
    object.__setattr__(value, "__dict__", {**fields, **extra})
    object.__setattr__(value, "__fields_set__", set(given))
    for key, part in private.items():
        object.__setattr__(value, key, part)
    return value


_ENUM = add(Kind(30, Layout.PARTS, _split_enum, _build_enum))
_NAMEDTUPLE = add(Kind(31, Layout.PARTS, _split_namedtuple, _build_namedtuple))
_DATACLASS = add(Kind(32, Layout.PARTS, _split_dataclass, _build_dataclass, _dataclass_identity))
_MODEL = add(Kind(33, Layout.PARTS, _split_model, _build_model, _model_identity))
_OLD_MODEL = add(Kind(36, Layout.PARTS, _split_old_model, _build_old_model, _old_model_identity))
