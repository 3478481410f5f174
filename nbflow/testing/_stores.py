"""How the tests of stores make them, and how they look at what these give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from nbflow.store.base import BaseStore, Item, Result

__all__ = ["Clock", "Make", "MakesStores", "keys", "value_of"]

Make = Callable[..., Any]


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class MakesStores:
    """Fixtures, made of the one that is given: ``make_store``."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock of all stores of a test."""
        return Clock()

    @pytest.fixture
    def make(self, make_store: Callable[..., BaseStore], clock: Clock) -> Iterator[Make]:
        """Makes stores, which are closed after the test."""
        made: list[Any] = []

        def make_one(**options: Any) -> Any:
            made.append(make_store(**{"clock": clock, **options}))
            return made[-1]

        yield make_one
        for store in made:
            store.close()

    @pytest.fixture
    def store(self, make: Make) -> Any:
        """A store without options."""
        return make()


def value_of(item: Result) -> Any:
    """Of an item that is there."""
    assert isinstance(item, Item)
    return item.value


def keys(items: Sequence[Item]) -> list[str]:
    """Of items, in order."""
    return [item.key for item in items]
