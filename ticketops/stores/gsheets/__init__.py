"""The live Google Sheet."""
