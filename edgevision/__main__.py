"""`python -m edgevision` is the command `edgevision`."""

from edgevision.cli import main

if __name__ == "__main__":
    main()
