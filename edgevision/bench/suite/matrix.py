"""An ONNX file that multiplies two int8 matrices, and nothing else: how much a machine can do at most.

Written field by field as onnx.proto numbers them, because the device half does without the onnx library.
"""

import struct
from collections.abc import Iterable

import numpy as np

__all__ = ["matrix_product"]

_IR_VERSION, _OPSET = 8, 17
_FLOAT, _UINT8, _INT8 = 1, 2, 3
_SCALE = struct.pack("<f", 0.01)
_SEED = 1


def matrix_product(size: int) -> bytes:
    """Return a model from `x` to `y`, both (size, size) uint8: x times constant int8 weights.

    Quantised as the shipped models are: QuantizeLinear and DequantizeLinear around the product.
    """
    weights = np.random.default_rng(_SEED).integers(-127, 128, (size, size)).astype(np.int8)
    constants = [
        _tensor("weights", _INT8, weights.tobytes(), weights.shape),
        _tensor("scale", _FLOAT, _SCALE),
        _tensor("zero_int8", _INT8, b"\x00"),
        _tensor("zero_uint8", _UINT8, b"\x80"),
    ]
    nodes = [
        _node("DequantizeLinear", ("x", "scale", "zero_uint8"), "left"),
        _node("DequantizeLinear", ("weights", "scale", "zero_int8"), "right"),
        _node("MatMul", ("left", "right"), "product"),
        _node("QuantizeLinear", ("product", "scale", "zero_uint8"), "y"),
    ]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, b"matrix-product")
    graph += b"".join(_bytes(5, constant) for constant in constants)
    graph += _bytes(11, _port("x", size)) + _bytes(12, _port("y", size))
    return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _bytes(1, b"") + _number(2, _OPSET))


def _tensor(name: str, kind: int, content: bytes, shape: Iterable[int] = ()) -> bytes:
    dims = b"".join(_number(1, side) for side in shape)
    return dims + _number(2, kind) + _bytes(8, name.encode()) + _bytes(9, content)


def _node(operator: str, inputs: Iterable[str], output: str) -> bytes:
    names = b"".join(_bytes(1, name.encode()) for name in inputs)
    return names + _bytes(2, output.encode()) + _bytes(4, operator.encode())


def _port(name: str, size: int) -> bytes:
    shape = _bytes(1, _number(1, size)) * 2
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, _number(1, _UINT8) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Return protobuf's form of a number: seven bits a byte, lowest first, all but the last marked."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
