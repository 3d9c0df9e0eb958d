"""What a person types. Each command is one module; each imports what it needs when it runs."""

from edgevision.cli.app import main

__all__ = ["main"]
