"""Passes: each turns operations into operations, or a timetable into a shorter one, and changes no result."""
