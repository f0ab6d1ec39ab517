"""Collecting guest details and dispatching tickets (§7, §8, §9): who sees what, and what follows
from what they say."""
