"""Measuring in turns: A B C A B C …, because no machine is as quick now as it was before."""

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any, NamedTuple, TypeVar

import click

Which = TypeVar("Which")


class Ratio(NamedTuple):
    """One thing over another, round for round. `unit` says what both were counted in."""

    name: str
    of: list[float]
    over: list[float]
    unit: str

    @property
    def rounds(self) -> list[float]:
        """The ratio of each round."""
        return [of / over for of, over in zip(self.of, self.over, strict=True)]

    @property
    def median(self) -> float:
        """The ratio that half of the rounds stay under."""
        return median(self.rounds)

    def facts(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {
            "name": self.name,
            "median": round(self.median, 4),
            "min": round(min(self.rounds), 4),
            "max": round(max(self.rounds), 4),
            "rounds": [round(ratio, 4) for ratio in self.rounds],
            "unit": self.unit,
            "of": [round(value, 4) for value in self.of],
            "over": [round(value, 4) for value in self.over],
        }


def in_turns(label: str, measures: Mapping[Which, Callable[[], float]], rounds: int) -> dict[Which, list[float]]:
    """Measure each once, then each once more, and so on; every second round backwards."""
    found: dict[Which, list[float]] = {which: [] for which in measures}
    with click.progressbar(length=rounds * len(measures), label=label) as bar:
        for number in range(rounds):
            for which in [*measures][:: -1 if number % 2 else 1]:
                found[which].append(measures[which]())
                bar.update(1)
    return found
