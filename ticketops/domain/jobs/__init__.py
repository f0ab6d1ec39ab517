"""Reports that are made as jobs (000): asked for, made now or later, kept for a while, made again."""
