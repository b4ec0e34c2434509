"""Passes: each converts operations to other operations, or a timetable to a shorter one, and changes no result."""
