"""Users and their roles (§0, §2)."""
