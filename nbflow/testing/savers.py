"""What every saver must do, as tests: of nbflow's own savers and of yours.

A saver is a subclass of :class:`~nbflow.checkpoint.base.BaseCheckpointSaver` that defines its
primitives.
"""

from __future__ import annotations

from nbflow.testing._saver_care import CaresForThreads
from nbflow.testing._saver_lists import ListsCheckpoints
from nbflow.testing._saver_rows import KeepsRows
from nbflow.testing._saver_writes import ShowsWrites

__all__ = ["SaverConformance"]


class SaverConformance(KeepsRows, ListsCheckpoints, ShowsWrites, CaresForThreads):
    """The tests. They take a fixture ``saver``: for each test a new one that holds nothing.

    A saver may refuse names with a NUL, by InvalidNameError; it keeps all other text. Write in a
    test module of yours:

    >>> import pytest
    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> class TestMySaver(SaverConformance):
    ...     @pytest.fixture
    ...     def saver(self):
    ...         with InMemorySaver() as saver:  # yours
    ...             yield saver
    """
