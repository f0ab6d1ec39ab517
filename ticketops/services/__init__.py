"""Use cases, a module a subject: read → plan → show → commit."""
