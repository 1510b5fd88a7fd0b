"""Loading a server with wrk, signed in as many people."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click

from bench.tools import find

CONNECTIONS = 16  # four for each worker on two cores: with fewer it is chance which worker gets none
LONGEST = 30  # seconds that something may take until its first answer


class Answers(NamedTuple):
    """What came of a load: requests per second, latencies in microseconds, bytes an answer."""

    rate: float
    p50: float
    p99: float
    bytes: float
    failed: int
    requests: int
    wrong: str


class Load(NamedTuple):
    """The requests of a file, one a line: see wrk.lua. An answer has at least so many bytes, or is another page.

    Where `expected` is given, each is sent once, and every answer's "status location" matches that pattern of Lua's.
    """

    requests: Path
    least: int = 0
    expected: str = ""
    connections: int = CONNECTIONS

    @classmethod
    def of(cls, requests: Sequence[tuple[str, ...]], file: Path, **more: object) -> "Load":
        """Write requests down."""
        file.write_text("".join("\t".join(request) + "\n" for request in requests))
        return cls(file, **more)  # type: ignore[arg-type]

    def put_on(self, port: int, seconds: int) -> Answers:
        """Send as many requests as are answered in so many seconds, or in more if none is. Raises where one fails."""
        environ = {**os.environ, "BENCH_REQUESTS": str(self.requests)}
        if self.expected:
            environ["BENCH_EXPECT"] = self.expected
        command = [find("wrk"), "-t1", f"-c{self.connections}", f"-d{seconds}s", "--timeout=30s"]
        command += ["-s", str(Path(__file__).with_name("wrk.lua")), f"http://127.0.0.1:{port}"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise click.ClickException(f"wrk fails: {(done.stderr or done.stdout).strip()}")
        answers = Answers(**json.loads(lines[-1]))
        if not answers.requests and not answers.failed and seconds < LONGEST:
            return self.put_on(port, 4 * seconds)
        if answers.failed or answers.wrong or not answers.requests or answers.bytes < self.least:
            raise click.ClickException(f"Under {self.requests.stem}, not every answer is right: {answers}")
        return answers
