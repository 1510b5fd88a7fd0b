"""What is measured: each part is a function that takes a run and returns its ratios."""

from collections.abc import Callable

from bench.parts import booking, latency, pages, servers, sql, sqlite
from bench.rounds import Ratio
from bench.run import Run

PARTS: dict[str, Callable[[Run], list[Ratio]]] = {
    "pages": pages.measure,
    "booking": booking.measure,
    "sql": sql.measure,
    "sqlite": sqlite.measure,
    "servers": servers.measure,
    "latency": latency.measure,
}
