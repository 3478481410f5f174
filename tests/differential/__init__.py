"""The same programs through LangGraph and through nbflow, and what each of them shows."""
