"""What a gallery tells to whoever asks what is stored, as JSON. Pure."""

import base64
import json

from edgevision.gallery.content import Gallery

__all__ = ["exported"]


def exported(gallery: Gallery) -> str:
    """Return everything that a gallery holds; images are PNG in base64."""
    entries = [
        {
            "name": entry.name,
            "added": entry.added,
            "embedding": [round(value, 6) for value in row],
            **({"image_png": base64.b64encode(entry.image_png).decode()} if entry.image_png else {}),
        }
        for entry, row in zip(gallery.entries, gallery.embeddings.tolist(), strict=True)
    ]
    content = {
        "schema": "edgevision.gallery-export/1",
        "embedder_sha256": gallery.embedder_sha256,
        "entries": entries,
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
