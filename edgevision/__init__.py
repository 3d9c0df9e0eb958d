"""edgevision: inspects parts beside a production line and publishes a verdict for each.

The package is the device half: it never imports torch. The layers are listed in
`README.md` and checked by import-linter; start reading at `types`, `ports`, `inspector`
and `station`.
"""

import os

__version__ = "0.1.0"

# Read by OpenCV when it is loaded: a small file must not unpack to gigabytes. No camera has more pixels.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 28))
