"""Messages (§10, D25): facts become rows of the outbox, rows become texts."""
