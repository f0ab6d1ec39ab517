"""Vendors' logins and their history (§2, D13)."""
