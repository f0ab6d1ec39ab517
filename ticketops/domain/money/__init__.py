"""Money (§4, §13, D24): what is owed, by whom and since when, and what was paid for it."""
