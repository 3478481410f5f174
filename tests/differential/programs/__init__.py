"""The programs, by theme. Each takes one library's names and an empty saver."""
