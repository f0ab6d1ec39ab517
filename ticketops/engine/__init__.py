"""What carries a use case out: jobs, permissions, transactions, opening a store."""
