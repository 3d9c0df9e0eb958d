import time

from edgevision.bench.measure import metered


def test_waiting_takes_wall_time_only_and_computing_takes_both() -> None:
    def compute() -> int:
        began_s = time.process_time()
        while time.process_time() < began_s + 0.02:
            pass
        return 7

    def wait() -> int:
        time.sleep(0.02)
        return 1

    computed, waited = metered(compute), metered(wait)

    assert computed.units == 7
    assert computed.cpu_s >= 0.02
    assert waited.wall_s >= 0.02
    assert waited.cpu_s < computed.cpu_s
