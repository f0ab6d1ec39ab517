"""Tickets on their way from one to another (000): allotments of sponsors, transfers, the waiting list."""
