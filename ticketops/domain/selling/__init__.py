"""Sales, their tickets and their reconciliation (§4, §12b, §14)."""
