"""The portal as a web server (§7, §8, §9): what books let a party read and say, as pages."""
