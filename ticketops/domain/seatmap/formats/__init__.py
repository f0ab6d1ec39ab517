"""Formats of seat maps: what a file says becomes spots."""
