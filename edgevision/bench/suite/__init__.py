"""The whole table of speed and size for one machine, beside what other programs would reach on it."""
