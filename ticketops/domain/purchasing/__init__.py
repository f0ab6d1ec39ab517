"""Purchases and their units (§3)."""
