"""Which unit serves which ticket (§5, §6)."""
