"""How values become bytes and come back; the parts behind :mod:`nbflow.serde`."""
