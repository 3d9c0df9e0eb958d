from edgevision.bench.suite.installed import installed_mb


def test_what_the_device_half_brings_is_counted_with_its_own_needs_and_without_other_extras() -> None:
    sizes = installed_mb("cpu")

    assert {"edgevision", "numpy", "opencv-python-headless", "paho-mqtt", "pydantic-core"} <= set(sizes)
    assert not {"openvino", "torch", "pytest", "amqtt", "starlette"} & set(sizes)
    assert sizes["opencv-python-headless"] > 50
    assert all(size > 0 for size in sizes.values())
