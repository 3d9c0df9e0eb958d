"""The live loop of a simple program: read, scale, infer, publish, one after the other."""

import json

import cv2
import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from edgevision.bench.suite.barcode import read_code
from edgevision.bench.suite.loops import prepared
from edgevision.bench.suite.sessions import Call
from edgevision.bench.suite.witness import Surroundings

__all__ = ["run_simple"]

_LAST_S = 5.0


def run_simple(
    call: Call, size_wh: tuple[int, int], around: Surroundings, name: str, frames: int
) -> dict[int, int]:
    """Judge so many frames of the camera, and return the barcode of each."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", around.port)
    client.loop_start()
    capture = cv2.VideoCapture(around.url, cv2.CAP_FFMPEG)
    codes: dict[int, int] = {}
    sent = None
    for frame_id in range(frames):
        is_read, picture = capture.read()
        if not is_read:
            break
        image_bgr = np.asarray(picture, np.uint8)
        score = float(call(prepared(image_bgr, size_wh)).max())
        result = {"station": name, "frame_id": frame_id, "score": score}
        sent = client.publish(f"edgevision/{name}/cam1/result", json.dumps(result), qos=1)
        codes[frame_id] = read_code(image_bgr)
    if sent is not None:
        sent.wait_for_publish(_LAST_S)
    capture.release()
    client.disconnect()
    client.loop_stop()
    return codes
