"""How gunicorn serves the app; anything here can be overruled on its command line."""

import os

bind = f"127.0.0.1:{os.environ.get('PORT') or '5000'}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 8
preload_app = True  # a wrong setting then stops the start, with one line, instead of one worker after the other
control_socket_disable = True
