"""Laws of replay, over programs and schedules that nobody wrote by hand."""
