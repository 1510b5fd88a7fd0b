"""Where the ratios are to be: for each part, words of a ratio's name and the target of those that have them."""

TARGETS: dict[str, dict[str, float]] = {
    "pages": {"/coaches/ as a student, over the same rendered": 0.8, "over the same rendered from constants": 0.75},
    "booking": {"over pgbench": 0.05},
    "sql": {"": 1.25},
    "latency": {"": 4.0},
}


def target(part: str, name: str) -> float | None:
    """Return a ratio's target, if it has one."""
    return next((aim for words, aim in TARGETS.get(part, {}).items() if words in name), None)
