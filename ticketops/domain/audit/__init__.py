"""What is wrong in a workbook, and what can be repaired (§12a)."""
