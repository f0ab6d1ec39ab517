"""Kinds of workbooks: the sheets that each consists of."""
