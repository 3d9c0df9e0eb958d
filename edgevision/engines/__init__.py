"""What executes a model: ONNX Runtime or OpenVINO, and the measured choice between them."""
