"""How a run happens. Not API: everything public is in the modules one level up."""
