"""Pure planners, a folder a subject: a snapshot and inputs in, a Plan out."""
