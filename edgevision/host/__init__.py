"""What the station says to the machine it runs on: the terminal and the log."""
