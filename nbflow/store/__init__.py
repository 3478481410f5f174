"""Long-term memory that outlives threads."""
