"""What things are; imports nothing from above."""
