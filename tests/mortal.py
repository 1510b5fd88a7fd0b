"""Builds the app, and then forks a process for each line of its input: processes that a test kills (see `mailing.py`).

work 300        send what is due, by a clock that is so many seconds ahead, until nothing is
book 7 12       book slot 7 for student 12, and be killed right after the commit
"""

import os
import signal
import sys
import threading
import traceback
from datetime import timedelta

from flask import Flask

from coaching import create_app, letters, times
from coaching.extensions import db, saving
from coaching.models import TimeSlot, User
from coaching.sessions import rules


def work(seconds: str) -> None:
    """Be a worker."""
    ahead = timedelta(seconds=int(seconds))
    letters.work(is_over=threading.Event(), until_done=True, now=lambda: times.now() + ahead)


def book(slot_id: str, student_id: str) -> None:
    """Book, and die before anything is told."""
    with saving():
        slot, student = db.session.get_one(TimeSlot, int(slot_id)), db.session.get_one(User, int(student_id))
        rules.book(slot, student, now=times.now())
    os.kill(os.getpid(), signal.SIGKILL)


def fork(app: Flask, what: str, *about: str) -> int:
    """Do it in a process of its own, whose id is returned."""
    if pid := os.fork():
        return pid
    try:
        with app.app_context():
            db.engine.dispose(close=False)  # what was opened before is the parent's
            {"work": work, "book": book}[what](*about)
    except Exception:  # noqa: BLE001 - whatever it is, only this process ends
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks what became of them
    app = create_app()
    for line in sys.stdin:
        print(fork(app, *line.split()), flush=True)  # noqa: T201
