"""The workbook file: spliced, never rewritten."""
