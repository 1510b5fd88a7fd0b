"""What is said back about what people are told."""

from flask import Blueprint, Flask, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from coaching import guard, times
from coaching.extensions import csrf, saving
from coaching.forms import Form
from coaching.models import Role, Topic
from coaching.news import queries, rules
from coaching.news.forms import CoachMailsForm, MailsForm, ReadForm
from coaching.news.links import NO_MORE, meant_by
from coaching.pages import PAGE_LENGTH, Rows, id_asked_for, page

bp = Blueprint("news", __name__, url_prefix="/news")


@bp.get("/")
@guard.only(Role.COACH, Role.STUDENT)
def index() -> ResponseReturnValue:
    """Show what has happened, the latest first."""
    found = queries.news_of(guard.me(), now=times.now(), limit=PAGE_LENGTH + 1, behind=id_asked_for("after"))
    news = Rows.of(found, PAGE_LENGTH, lambda told: told.id)
    return page("news/index.html", news=news, up_to=news.rows[0].id if news.rows else 0)


@bp.post("/read")
@guard.only(Role.COACH, Role.STUDENT)
def read() -> ResponseReturnValue:
    """Mark as read what was shown."""
    with saving():
        rules.read(guard.me(), ReadForm().last_id, now=times.now())
    return redirect(url_for(".index"), 303)


@bp.route("/mails", methods=["GET", "POST"])
@guard.signed_in
def mails() -> ResponseReturnValue:
    """Ask which mails a person wants, and show for whom they wait."""
    person = guard.me()
    unwanted = queries.unwanted(person)
    kind = CoachMailsForm if person.role == Role.COACH else MailsForm
    form = kind(data={topic: topic not in unwanted for topic in Topic})
    if form.validate_on_submit():
        with saving():
            rules.want_only(person, form.topics)
        flash("It is saved which mails you want.")
        return redirect(url_for(".mails"), 303)
    return page("news/mails.html", form=form, waits=queries.waits(person))


@bp.route("/off/<token>", methods=["GET", "POST"])
@csrf.exempt  # type: ignore[untyped-decorator]  # a program that shows mails sends it, with no cookie and no page of ours (RFC 8058)
@guard.public
def off(token: str) -> ResponseReturnValue:
    """End a kind of mail for whoever got it: by one click in the program that shows it, or by the button here."""
    meant = meant_by(token)
    person = queries.person_with_id(meant[0]) if meant else None
    if person is None or meant is None:
        abort(404)
    form, what = Form(meta={"csrf": False}), meant[1]
    if form.is_submitted():
        with saving():
            rules.wait_for_nobody(person) if what == NO_MORE else rules.no_more(person, Topic(what))
    return page("news/off.html", form=form, what=what, is_done=form.is_submitted())


def init_app(app: Flask) -> None:
    """Open these doors."""
    app.register_blueprint(bp)
