"""Asking a server one thing after the other and looking at each answer's time, for what load would only blur.

Where a machine is twice as quick in one second as in the next, loads of seconds in turns are no pairs any more.
Requests in turns, a few milliseconds each, are.
"""

import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from statistics import median
from time import perf_counter
from typing import TypeVar

import click

Way = TypeVar("Way")

LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)


def get(path: str, cookie: str) -> bytes:
    """Write down a request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()


def in_turns(port: int, ways: Mapping[Way, Sequence[bytes]], least: int, times: int) -> dict[Way, float]:
    """Send the first request of each way, then the second of each, and so on, all of it so many times.

    Return requests per second of each, one at a time: over the median. Raises where an answer is not 200, or shorter
    than `least` bytes.
    """
    waited: dict[Way, list[float]] = {way: [] for way in ways}
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(times):
            for each in zip(*ways.values(), strict=True):
                asked = [*zip(ways, each, strict=True)][:: -1 if number % 2 else 1]
                for way, request in asked:
                    began = perf_counter()
                    _ask(connection, request, least)
                    waited[way].append(perf_counter() - began)
    return {way: 1 / median(those) for way, those in waited.items()}


def _ask(connection: socket.socket, request: bytes, least: int) -> None:
    connection.sendall(request)
    answer, whole = b"", None
    while whole is None or len(answer) < whole:
        received = connection.recv(1 << 18)
        if not received:
            break
        answer += received
        if whole is None and (end := answer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(answer[: end + 2])
            whole = end + 4 + int(found[1]) if found else 0
    if not answer.startswith(b"HTTP/1.1 200 ") or len(answer) < least:
        raise click.ClickException(f"{request.split()[1].decode()} is answered by {answer[:40]!r}, {len(answer)} bytes")
