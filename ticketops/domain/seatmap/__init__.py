"""Seat maps (§1b, D28): where seats are, which category they belong to, what restricts them."""
