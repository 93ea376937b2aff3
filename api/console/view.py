"""Templates, static files and what every page is given."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.console import form
from api.console.language import gettext, language_of
from api.console.runs import alike, in_runs
from api.console.wording import NAMED, wording
from schemas.actor import Actor
from schemas.errors import AnyRefusal
from schemas.look import usual_reason
from schemas.policy import Action, holds
from schemas.visible import visible
from schemas.words import Language

_HERE = Path(__file__).parent
_FIELDS = re.compile(r"""(\bvalue="[^"]*"|<textarea\b.*?</textarea>)""", re.DOTALL)
"""What a browser sends back as it stands. Values are escaped, so no text can look like one of these."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

ASSETS: Mapping[str, tuple[bytes, str]] = MappingProxyType(
    {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in sorted((_HERE / "static").iterdir())}
)
"""Every static file by name: its bytes and media type. A closed table, so no path is ever resolved."""

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)
"""On every page: no script but our own files, no frame, nothing kept by the browser."""

_NAVIGATION: tuple[tuple[str, str, Action | None], ...] = (
    ("/console", "home", None),
    ("/console/recordings", "recordings", Action.RECORDING_VIEW),
    ("/console/duties", "duties", Action.DUTY_KEEP),
    ("/console/duties", "duties", Action.DUTY_VIEW),
    ("/console/monitoring", "monitoring", Action.MONITORING_VIEW),
    ("/console/cases", "cases", Action.CASE_VIEW),
    ("/console/reviews", "reviews", Action.CASE_REVIEW),
    ("/console/audits", "audits", Action.AUDIT_VIEW),
    ("/console/approvals", "approvals", Action.APPROVAL_ASK),
    ("/console/approvals", "approvals", Action.APPROVAL_GIVE),
    ("/console/rectifications", "rectifications", Action.RECTIFICATION_VIEW),
    ("/console/equipment", "equipment", Action.EQUIPMENT_VIEW),
    ("/console/devices", "devices", Action.DEVICE_VIEW),
    ("/console/certificates", "certificates", Action.CERTIFICATE_VIEW),
    ("/console/accounts", "accounts", Action.ACCOUNT_VIEW),
    ("/console/settings", "settings", Action.SETTING_VIEW),
    ("/console/trail", "trail", Action.TRAIL_VIEW),
    ("/console/custody", "custody", Action.CUSTODY_VIEW),
)


class ProblemView(NamedTuple):
    """What went wrong and what to do, in one language."""

    title: str
    next: str


def problem_view(text: AnyRefusal, language: Language) -> ProblemView:
    """Return a problem's sentences in one language."""
    if language is Language.EN:
        return ProblemView(title=_sentence(text.en), next=_sentence(text.next_en))
    return ProblemView(title=text.zh, next=text.next_zh)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_console(path: str) -> bool:
    """Say whether an address is one of the console's."""
    return path == "/console" or path.startswith("/console/")


@cache
def asset(name: str) -> str:
    """Return the address of a static file; it changes with the bytes, so that it may be cached forever."""
    return f"/console/static/{name}?v={hashlib.sha256(ASSETS[name][0]).hexdigest()[:12]}"


def navigation(actor: Actor, at: datetime) -> list[tuple[str, str]]:
    """Return address and key of the pages this actor may open at a time."""
    open_ = ((href, key) for href, key, action in _NAVIGATION if action is None or holds(actor, action, at))
    return list(dict.fromkeys(open_))


def officer(number: str, names: Mapping[str, str]) -> str:
    """Return an officer's name, or the certificate number where no name is known."""
    return names.get(number) or number


def field_label(language: Language, form: BaseModel, name: str) -> str:
    """Return the name of a form's field on the screen."""
    return gettext(language, type(form).model_fields[name].title or name)


def _no_plural(one: str, many: str, number: int) -> str:
    """Chinese has no plural and our English sentences avoid one; templates use `_` alone."""
    raise NotImplementedError((one, many, number))


@cache
def templates(language: Language) -> Environment:
    """Return the templates in one language; every value is escaped, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else every page asks the disk for the age of each of its parts
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    translate = partial(gettext, language)
    environment.install_gettext_callables(translate, _no_plural, newstyle=True)  # type: ignore[attr-defined] # added by the extension
    shown = (
        form.moment,
        form.yuan,
        form.first_day,
        form.last_day,
        form.final_day,
        form.clock,
        form.day,
        form.thousands,
        form.degrees,
        form.seconds,
        form.position,
        form.milliseconds,
        officer,
        alike,
        in_runs,
    )
    environment.filters |= {function.__name__: function for function in shown}
    environment.filters |= wording(language)
    environment.globals |= {
        "asset": asset,
        "label": partial(field_label, language),
        "lang": language.value,
        "once": lambda: uuid4().hex,
        "usual_reason": usual_reason,
    }
    environment.globals |= NAMED
    return environment


def render(request: Request, name: str, view: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    """Return the page `name` in the visitor's language."""
    shared: dict[str, object] = {
        "actor": None,
        "csrf": "",
        "here": "",
        "ignored": (),
        "is_paper": False,
        "may_list": False,
        "may_seek": False,
        "mistake": None,
        "navigation": (),
        "of_case": "",
        "open_notices": None,
        "path": here(request),
        "seen": None,
        "watched": frozenset(),
    }
    text = templates(language_of(request.cookies)).get_template(name).render({**shared, **view})
    return HTMLResponse(shown_plainly(text), status_code=status, headers=HEADERS)


def shown_plainly(page: str) -> str:
    """Return a page that shows what turns the reading direction, but in the fields of its forms: those go back."""
    if visible(page) == page:
        return page
    parts = _FIELDS.split(page)
    return "".join(part if place % 2 else visible(part) for place, part in enumerate(parts))


def here(request: Request) -> str:
    """Return where to come back to: this page, or the home page after a form."""
    if request.method != "GET" or not is_console(request.url.path):
        return "/console"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
