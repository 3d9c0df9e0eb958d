"""The sealed model: its manifest, the strict reader, the reproducible writer, the golden samples."""
