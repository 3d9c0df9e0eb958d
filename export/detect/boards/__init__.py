"""Bare circuit boards drawn by program, good and with six kinds of flaws, for any use without restriction."""
