"""edgevision: inspects parts beside a production line and publishes a verdict for each.

The package is the device half: it never imports torch. The layers are listed in
`README.md` and checked by import-linter; start reading at `types`, `ports`, `inspector`
and `station`.
"""

__version__ = "0.1.0"
