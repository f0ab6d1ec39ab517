"""The schedule of matches: who plays whom, results, standings, and what follows from them (§1a,
§18)."""
