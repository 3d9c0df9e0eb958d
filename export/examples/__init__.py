"""Examples to copy: a model description and a factory for a torch model of one's own."""
