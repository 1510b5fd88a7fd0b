"""What gunicorn serves while it is measured: the app as it is deployed, and what its pages are measured against.

BENCH_FOLDER names a folder for what the app keeps beside its database. The pages are the HTML files in it.
"""

import os
from pathlib import Path

from bench import beside
from coaching import create_app

folder = Path(os.environ["BENCH_FOLDER"])
app = create_app(os.environ, folder)
beside.serve(app, {file.stem: file.read_text() for file in folder.glob("*.html")})
