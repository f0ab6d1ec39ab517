"""Airline tickets, from pending clearance to issued (document 001)."""
