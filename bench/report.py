"""What is said of the results: on the terminal, as JSON, and as one plot. Never a time alone, always ratios."""

import json
import math
import os
import platform
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import jinja2
import psycopg

from bench.databases import KEEPS
from bench.rounds import Ratio
from bench.run import Run, commit
from bench.targets import target

Facts = dict[str, Any]

TEMPLATES = Path(__file__).with_name("templates")
LEFT, WIDTH, ROW, HEAD = 720, 420, 18, 40  # of the plot, in pixels: names, the scale, a line, a part's heading


def facts_of(part: str, ratios: list[Ratio], run: Run, server: str) -> Facts:
    """Return all that is kept of a part, with where, when and how much it was measured."""
    with psycopg.connect(server) as connection:
        version = connection.info.parameter_status("server_version")
        settings = {name: connection.execute(f"SHOW {name}").fetchall()[0][0] for name in (*KEEPS, "shared_buffers")}
    return {
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": run.effort.is_quick,
        "effort": {**run.effort._asdict(), "pages": [page.title for page in run.effort.pages]},
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "postgresql": version,
            "postgresql_settings": settings,
            "sqlite": sqlite3.sqlite_version,
        },
        "ratios": [{**ratio.facts(), "target": target(part, ratio.name)} for ratio in ratios],
    }


def tell(part: str, facts: Facts) -> None:
    """Print a part's ratios."""
    rounds = facts["effort"]["rounds"]
    click.echo(f"\n{part}: median (minimum to maximum) of {rounds} rounds in turns")
    if facts["quick"]:
        click.echo("--quick: small, and few rounds. This shows that it works, not how quick the app is.")
    for ratio in facts["ratios"]:
        aim = "" if ratio["target"] is None else f", target {ratio['target']:g}"
        click.echo(
            f"  {_short(ratio['median']):>6} ({_short(ratio['min'])} to {_short(ratio['max'])}{aim})  {ratio['name']}"
        )
    click.echo()


def keep(into: Path, part: str, facts: Facts) -> None:
    """Put a part's results among those of the others, and draw all of them."""
    kept = json.loads(into.read_text()) if into.exists() else {}
    kept[part] = facts
    into.write_text(json.dumps(kept, indent=1) + "\n")
    into.with_suffix(".svg").write_text(draw(kept))


def draw(kept: dict[str, Facts]) -> str:
    """Draw each ratio as a dot between its minimum and its maximum; twice and half are as far from 1."""
    rows = [ratio for facts in kept.values() for ratio in facts["ratios"]]
    ends = [value for row in rows for value in (row["min"], row["max"], row["target"]) if value]
    low, high = math.floor(math.log2(min([0.5, *ends]))), math.ceil(math.log2(max([2, *ends])))

    def across(value: float) -> float:
        share = (math.log2(max(value, 2**low)) - low) / (high - low)
        return round(LEFT + share * WIDTH, 1)

    place, parts = 10, []
    for name, facts in kept.items():
        place += HEAD
        lines = [(place + ROW * nth, ratio) for nth, ratio in enumerate(facts["ratios"], 1)]
        parts.append((name, facts, place, lines))
        place += ROW * len(lines)
    powers = [2.0**power for power in range(low, high + 1)]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    drawing = environment.get_template("results.svg")
    size = {"width": LEFT + WIDTH + 180, "height": place + 40, "left": LEFT, "right": LEFT + WIDTH}
    return drawing.render(parts=parts, powers=powers, across=across, short=_short, **size)


def _short(value: float) -> str:
    places = 3 if value < 0.1 else 2 if value < 10 else 1
    return f"{value:.{places}f}"
