"""Matches and their categories (§1)."""
