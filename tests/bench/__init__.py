"""What nbflow costs beside LangGraph: ``python -m tests.bench`` prints the table."""
