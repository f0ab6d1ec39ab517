"""Workbooks that are made anew, for clients, suppliers, staff and the office."""
