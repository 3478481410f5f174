"""nbflow's savers pass the tests that it asks of every saver."""

from __future__ import annotations

from nbflow.testing.savers import SaverConformance


class TestSavers(SaverConformance):
    pass
