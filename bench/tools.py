"""The programs that a measuring needs beside the app, and how one gets those that are missing."""

import os
import shutil
import subprocess
from pathlib import Path

from click import ClickException

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"wrk": "wrk", "pgbench": "postgresql", "nginx": "nginx"}  # Debian's


def find(name: str) -> str:
    """Return where a program is; one of PostgreSQL's beside its server first."""
    path = os.environ.get("PATH", "")
    if name == "pgbench":
        path = os.pathsep.join([_postgres() or "", path])
    found = shutil.which(name, path=path)
    if not found:
        raise ClickException(f"{name} is missing. On Debian, as root: apt-get install {PACKAGES[name]}")
    return found


def require(*names: str) -> None:
    """Raise one line where one of these programs, or PostgreSQL, is missing."""
    for name in names:
        find(name)
    if not _postgres():
        raise ClickException("There is no PostgreSQL server here. On Debian, as root: apt-get install postgresql")


def _postgres() -> str | None:
    said = subprocess.run([ROOT / "script" / "postgres", "where"], capture_output=True, text=True, check=False)
    return said.stdout.strip() if said.returncode == 0 else None
