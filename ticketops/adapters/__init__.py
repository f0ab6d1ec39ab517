"""What talks to a library or the operating system for the domain."""
