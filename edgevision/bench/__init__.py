"""Measures this machine: the model alone, the decoder alone, and the whole loop against both."""
