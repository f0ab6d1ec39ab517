"""Files that came back from clients, suppliers and staff: read where they can do no harm."""
