"""The command line of the workstation half."""

from export.cli.app import main

__all__ = ["main"]
