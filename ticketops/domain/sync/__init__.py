"""Two copies of a workbook against what they last had in common."""
