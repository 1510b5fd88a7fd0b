"""Links that put a session, or all of them, into somebody's calendar elsewhere. Nothing is loaded from there."""

from datetime import datetime
from urllib.parse import urlencode

from coaching.calendars.files import NAME, hint, title
from coaching.formatting import Timed

GOOGLE = "https://calendar.google.com/calendar"
OUTLOOK = "https://outlook.live.com/calendar/0"


def to_add(call: Timed, name: str, address: str) -> dict[str, str]:
    """Return, by program, the links that add one session with somebody, whose page has this address."""
    dates = f"{_compact(call.starts_at)}/{_compact(call.ends_at)}"
    google = {"action": "TEMPLATE", "text": title(name), "dates": dates, "details": hint(address)}
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": title(name),
        "startdt": call.starts_at.isoformat(),
        "enddt": call.ends_at.isoformat(),
        "body": hint(address),
    }
    return {
        "Google": f"{GOOGLE}/render?{urlencode(google)}",
        "Outlook": f"{OUTLOOK}/deeplink/compose?{urlencode(outlook)}",
    }


def to_subscribe(address: str) -> dict[str, str]:
    """Return, by program, the links that let it read the feed at an address from now on."""
    webcal = f"webcal://{address.partition('://')[2]}"
    return {
        "Google": f"{GOOGLE}/r?{urlencode({'cid': webcal})}",
        "Outlook": f"{OUTLOOK}/addfromweb?{urlencode({'url': address, 'name': NAME})}",
        "Apple or another program": webcal,
    }


def _compact(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"
