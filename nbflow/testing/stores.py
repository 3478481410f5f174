"""What every store must do, as tests: of nbflow's own stores and of yours.

A store is a subclass of :class:`~nbflow.store.base.BaseStore`. One that lets values expire, or
finds them by meaning, has more tests to pass.
"""

from __future__ import annotations

from nbflow.testing._store_expiry import LetsValuesExpire
from nbflow.testing._store_searches import FindsValues
from nbflow.testing._store_values import KeepsValues
from nbflow.testing._store_vectors import FindsByMeaning

__all__ = ["ExpiryConformance", "IndexConformance", "StoreConformance"]


class StoreConformance(KeepsValues, FindsValues):
    """The tests of every store. They take a fixture ``make_store``, which makes empty stores.

    It is called with ``clock=``, a function that gives seconds since 1970, and in the other two
    classes with ``ttl=`` and ``index=`` as ``InMemoryStore`` is. Each store that it makes holds
    nothing. A store may refuse keys with a NUL, by InvalidNameError. Write in a test module of
    yours:

    >>> import pytest
    >>> from nbflow.store.memory import InMemoryStore
    >>> class TestMyStore(StoreConformance, ExpiryConformance, IndexConformance):
    ...     @pytest.fixture
    ...     def make_store(self):
    ...         return InMemoryStore  # yours
    """


class ExpiryConformance(LetsValuesExpire):
    """The tests of stores that take ``ttl=``; see :class:`StoreConformance`.

    >>> from nbflow.store.memory import InMemoryStore
    >>> InMemoryStore.supports_ttl
    True
    """


class IndexConformance(FindsByMeaning):
    """The tests of stores that take ``index=``; see :class:`StoreConformance`.

    >>> IndexConformance.__mro__[1].__name__
    'FindsByMeaning'
    """
