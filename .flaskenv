# Read by the `flask` command alone: a developer's copy runs as a demo. gunicorn does not read this file.
FLASK_APP=wsgi.py
COACHING_DEMO=1
