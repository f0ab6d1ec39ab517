"""The clock (§10, D25): what runs every night, what is recorded of it, and when it is silent."""
