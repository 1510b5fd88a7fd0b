# The app alone, as user 10001, with nothing left to build or install with.
# For builds that never change under you, pin the base: `docker buildx imagetools inspect python:3.11-slim` prints its
# digest, and FROM takes python:3.11-slim@sha256:… in both places.

FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements.txt ./
RUN python -m venv --without-pip /venv
RUN pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM python:3.11-slim
RUN pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip
WORKDIR /app
COPY --from=build /venv /venv
COPY wsgi.py gunicorn.conf.py ./
COPY coaching coaching
COPY migrations migrations
# The one place it writes to: the SQLite file, where no DATABASE_URL names something better.
RUN mkdir instance && chown 10001:10001 instance
VOLUME /app/instance
ENV PATH=/venv/bin:$PATH FLASK_APP=wsgi.py PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 5000
# The site answers to its own names only, so the check must call it by one.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import os, urllib.request as web; \
host = (os.environ.get('COACHING_HOSTS') or 'localhost').split(',')[0].strip().lstrip('.'); \
site = 'http://127.0.0.1:' + (os.environ.get('PORT') or '5000'); \
web.build_opener(web.ProxyHandler({})).open(web.Request(site + '/healthz', headers={'Host': host}), timeout=4)"]
CMD ["sh", "-c", "exec gunicorn --bind 0.0.0.0:${PORT:-5000} wsgi:app"]
