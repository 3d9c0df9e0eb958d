"""Whether the broker's name resolves and its port answers."""

import queue
import socket
import threading
from collections.abc import Generator, Sequence

from edgevision.doctor.findings import Finding, failed, fine

__all__ = ["Address", "check_dns", "check_tcp"]

Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


def check_dns(host: str, port: int, timeout_s: float) -> Generator[Finding, None, Sequence[Address] | None]:
    """Resolve the name; a resolver that does not answer is not waited for longer than `timeout_s`."""
    answers: queue.SimpleQueue[Sequence[Address] | Exception] = queue.SimpleQueue()
    threading.Thread(target=_resolve, args=(host, port, answers), daemon=True).start()
    try:
        found = answers.get(timeout=timeout_s)
    except queue.Empty:
        text = f"no answer about {host} within {timeout_s:g} s"
        yield failed("broker.dns", text, "check the DNS server in /etc/resolv.conf and the network")
        return None
    if isinstance(found, Exception):
        said = found.strerror if isinstance(found, OSError) else found
        remedy = "check mqtt.host and the DNS server, or use an address"
        yield failed("broker.dns", f"{host} cannot be resolved ({said})", remedy)
        return None
    shown = ", ".join(dict.fromkeys(str(address[0]) for _, address in found))
    yield fine("broker.dns", f"{host} is {shown}")
    return found


def check_tcp(
    addresses: Sequence[Address], port: int, timeout_s: float
) -> Generator[Finding, None, socket.socket | None]:
    """Connect to the first address that answers; the socket is the caller's to close."""
    problems = []
    for family, address in addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(timeout_s)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            problems.append((f"{address[0]} port {port}: {_what(error, timeout_s)}", _remedy(error)))
            continue
        yield fine("broker.tcp", f"{address[0]} port {port} answers")
        return connection
    text = " | ".join(text for text, _ in problems)
    yield failed("broker.tcp", text, problems[-1][1])
    return None


def _resolve(host: str, port: int, answers: "queue.SimpleQueue[Sequence[Address] | Exception]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answers.put(error)
    else:
        answers.put([(family, address) for family, _, _, _, address in found])


def _what(error: OSError, timeout_s: float) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    return error.strerror or str(error)


def _remedy(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "check mqtt.port and whether the broker runs and listens on this interface"
    if isinstance(error, TimeoutError):
        return "check the address, the cable and the firewalls between here and the broker"
    return "check the network of this machine: address, route, cable"
