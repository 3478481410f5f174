"""What savers, stores and caches share of a database: the connection and its SQL."""
