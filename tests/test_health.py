"""`/healthz` and `/readyz`: for those who watch over the app."""

from sqlalchemy import text

from coaching.extensions import db
from tests.databases import app_on, close


def test_it_is_alive_and_ready(client, statements):
    with statements.counted() as said:
        page = client.get("/healthz")
    assert (page.status, page.text, said) == (200, "alive\n", []), "without asking the database"
    page = client.get("/readyz")
    assert (page.status, page.text) == (200, "ready\n")
    for url in ("/healthz", "/readyz"):
        page = client.get(url)
        assert page.headers["Content-Type"].startswith("text/plain")
        assert page.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in page.headers


def test_it_is_not_ready_before_the_first_migration(databases, tmp_path, new_client):
    app = app_on(databases.new(migrated=False), tmp_path)
    page = new_client(app).get("/readyz")
    assert (page.status, page.text) == (503, "not ready\n")
    assert int(page.headers["Retry-After"]) > 0
    assert new_client(app).get("/healthz").status == 200
    close(app)


def test_it_is_not_ready_when_the_data_is_of_another_version(databases, tmp_path, new_client):
    app = app_on(databases.new(), tmp_path)
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    assert new_client(app).get("/readyz").status == 503
    close(app)


def test_neither_says_anything_to_a_browser_of_another_site(client):
    for url in ("/healthz", "/readyz"):
        assert client.bare("GET", url, headers={"Host": "evil.example"}).status == 400
        assert "Access-Control-Allow-Origin" not in client.get(url).headers
