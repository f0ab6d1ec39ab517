"""Facts that the changes of a plan tell, whichever command made it (§10 step 1)."""
