"""Array functions without state or I/O: images, tiles, masks, cracks, drawing."""
