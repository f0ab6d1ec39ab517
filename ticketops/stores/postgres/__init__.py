"""An event in PostgreSQL, or in what speaks its protocol (D29)."""
