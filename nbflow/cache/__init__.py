"""Results of tasks, shared across threads and runs."""
