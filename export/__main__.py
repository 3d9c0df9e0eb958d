"""Runs the command line of the workstation half."""

from export.cli import main

if __name__ == "__main__":
    main()
