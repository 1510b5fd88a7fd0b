"""How much longer than usual somebody waits now and then: p99 over p50 of the list of coaches."""

from bench.rounds import Ratio, in_turns
from bench.run import Run
from bench.serving import gunicorn
from bench.visiting import PAGES


def measure(run: Run) -> list[Ratio]:
    """Measure both in the same seconds, at 8 connections."""
    url, seconds = run.databases.of(run.size), run.effort.seconds
    [load] = run.loads(url, PAGES[:1]).values()
    load = load._replace(connections=8)
    p50, p99 = [], []
    with gunicorn(url, run.folder) as port:
        load.put_on(port, seconds)

        def one_round() -> float:
            answers = load.put_on(port, seconds)
            p50.append(answers.p50 / 1000)
            p99.append(answers.p99 / 1000)
            return answers.rate

        in_turns("latency", {"coaches": one_round}, run.effort.rounds)
    return [Ratio(f"{PAGES[0].title}, p99 over p50", p99, p50, "ms")]
