"""Labelled pictures for training and measuring: where they come from and how they are drawn."""
