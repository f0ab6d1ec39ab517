"""Tables that others made, whatever program wrote them."""
