"""The token portal (§7, §8, §9): who may open it, what its pages show of a book, and what is said there."""
