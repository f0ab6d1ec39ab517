"""One module a command group: parses, calls one service, prints."""
