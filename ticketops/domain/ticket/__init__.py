"""What every flow needs of one ticket row."""
