"""Galleries: who is enrolled, kept in one file each, which may be encrypted."""
