"""Training of segmentation networks: configuration, loss, loop, metrics, checkpoints and report."""
