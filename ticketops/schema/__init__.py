"""Cells ↔ typed columns, and what a ChangeSet may do to a sheet."""
