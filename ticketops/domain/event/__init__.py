"""The event a workbook is about: what it is, its states, and what it takes to reach the next (§1)."""
