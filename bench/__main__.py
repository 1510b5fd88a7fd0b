"""The command line of `script/bench`."""

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from bench import report, tools
from bench.databases import Databases, cluster, fill_own
from bench.filling import CannotFillError, Size
from bench.parts import PARTS
from bench.run import Effort, Run
from bench.visiting import PAGES

HERE = Path(__file__).resolve().parent
NEEDS = {"booking": ("wrk", "pgbench"), "servers": ("wrk", "nginx"), "sql": (), "pages": ()}  # of the others: wrk
QUICK = Effort(
    smallest=10,
    usual=100,
    largest=100,
    rounds=2,
    seconds=1,
    pages=tuple(page for page in PAGES if page.name in {"coaches", "coach-sessions"}),
    readers=6,
    is_quick=True,
)


@click.group(invoke_without_command=True)
@click.option(
    "--only", "chosen", type=click.Choice([*PARTS]), multiple=True, help="One part; may be given several times."
)
@click.option("--quick", is_flag=True, help="A small size and few rounds: shows that all works, not how quick it is.")
@click.option("--rounds", default=5, show_default=True, help="How often everything is measured in turns.")
@click.option("--seconds", default=3, show_default=True, help="How long each load lasts.")
@click.option("--largest", default=10_000, show_default=True, help="Coaches in the largest database, 500 slots each.")
@click.option(
    "--into",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the results here, and the plot beside it.  [default: bench/results.json; of --quick, bench/quick.json]",
)
@click.pass_context
def bench(
    context: click.Context,
    chosen: tuple[str, ...],
    *,
    quick: bool,
    rounds: int,
    seconds: int,
    largest: int,
    into: Path | None,
) -> None:
    """Measure the app against what could be reached at best, and keep the ratios."""
    if context.invoked_subcommand:
        return
    parts = chosen or tuple(PARTS)
    tools.require(*sorted({tool for part in parts for tool in NEEDS.get(part, ("wrk",))}))
    effort = QUICK if quick else Effort(100, 1000, largest, rounds, seconds)
    into = into or HERE / ("quick.json" if quick else "results.json")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coaching-bench-")))
        folder.chmod(0o755)  # nginx runs as somebody else where we are root
        server = stack.enter_context(cluster())
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C does not stop the cleaning up
        run = Run(effort, Databases(server, folder), folder)
        for part in parts:
            facts = report.facts_of(part, PARTS[part](run), run, server)
            report.tell(part, facts)
            report.keep(into, part, facts)


@bench.command()
@click.argument("database_url")
@click.option("--coaches", type=click.IntRange(1), required=True, help="Each with 500 slots and 5 students.")
@click.option("--sparse", is_flag=True, help="Only one coach in 150 has free slots, and few.")
def fill(database_url: str, coaches: int, *, sparse: bool) -> None:
    """Fill a database that is migrated and empty, and has “bench” in its name."""
    try:
        fill_own(database_url, Size(coaches, sparse))
    except CannotFillError as error:
        raise click.ClickException(f"Nothing is filled: {error}.") from None


def _end(*_: Any) -> None:
    sys.exit(1)  # by an exception, so that everything is cleaned up


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    bench(prog_name="script/bench")
