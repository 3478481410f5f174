"""The first version of the record (``fmt`` 1, schema 5)."""
