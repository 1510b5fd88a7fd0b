"""Serving what is measured: gunicorn as deployed, on a free port of loopback, and nginx in front."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from bench.databases import environ_for
from bench.tools import ROOT, find

NGINX = """
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    {servers}
}}
"""
BEHIND = """
    upstream app_{port} {{ server 127.0.0.1:{port}; keepalive 32; }}
    server {{ listen 127.0.0.1:{own}; location / {{ proxy_pass http://app_{port}; }} }}
"""


@contextmanager
def gunicorn(url: str, folder: Path, *arguments: str) -> Iterator[int]:
    """Serve `bench.site` from a database with gunicorn.conf.py, but for `arguments`; give the port."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COACHING_", "WEB_"))}
    environ = {**inherited, **environ_for(url), "BENCH_FOLDER": str(folder), "PORT": str(port)}
    with _running([sys.executable, "-m", "gunicorn", *arguments, "bench.site:app"], port, folder, environ):
        yield port


@contextmanager
def nginx(ports: Sequence[int], folder: Path) -> Iterator[list[int]]:
    """Put an nginx in front of servers, and give its ports, one for each."""
    own = [free_port() for _ in ports]
    servers = "".join(BEHIND.format(port=port, own=mine) for port, mine in zip(ports, own, strict=True))
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, servers=servers))
    with _running([find("nginx"), "-p", str(folder), "-c", str(settings)], own[0], folder, dict(os.environ)):
        yield own


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], port: int, folder: Path, environ: dict[str, str]) -> Iterator[None]:
    """Run a server from when it answers until the end."""
    with (folder / f"{port}.log").open("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C ends it through us
        )
        try:
            while not _answers(port):
                if process.poll() is not None:
                    log.seek(0)
                    raise click.ClickException((log.read().strip() or f"{command[0]} ends").splitlines()[-1])
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()  # workers whose parent is gone end by themselves
                process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except OSError:
        return False
