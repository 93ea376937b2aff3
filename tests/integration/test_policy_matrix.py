"""Every route × every role × {own agency, unit below, sibling, another}: what is answered is what `may` says.

One set of rows stands in four places. Two people of one agency ask, in each role in turn: one to whom its rows stand in
every relation, and one to whom nothing does. What is asked is undone, so that all cells meet the same rows.
"""

import base64
import hashlib
import os
import random
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.dialects.postgresql import Range

from api.deps import COOKIE
from api.form_token import form_token
from api.policy import ROUTES
from schemas.actor import Actor, Role
from schemas.policy import Action, Relation, Subject, may
from schemas.review_scope import ScopeKind
from storage.store import Store
from storage.tables.actor import accounts, agencies, certificates, role_grants, sessions
from storage.tables.approval import approvals
from storage.tables.audit import audits
from storage.tables.case import cases
from storage.tables.device import devices, enrolment_codes
from storage.tables.equipment import equipment, equipment_certificates
from storage.tables.export import exports
from storage.tables.holding import device_holdings
from storage.tables.monitoring import monitoring_records
from storage.tables.procedure import case_documents
from storage.tables.recording import recordings
from storage.tables.rectification import rectifications
from storage.tables.recusal import recusals
from storage.tables.review import review_grounds, reviews
from storage.tables.training import trainings
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.forms import LAWFUL, routes
from tests.media import jpeg
from tests.owner import unguarded
from tests.policy_world import Kept, Reference, as_kept
from tests.rows import Rows
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import VERSION, bearer
from tests.undoing import UndoingStore
from tests.web import TRUST

NOUNS: Mapping[str, Table] = {
    "recording_id": recordings,
    "case_id": cases,
    "review_id": reviews,
    "export_id": exports,
    "monitoring_id": monitoring_records,
    "equipment_id": equipment,
    "device_id": devices,
    "audit_id": audits,
    "rectification_id": rectifications,
    "account_id": accounts,
    "agency_id": agencies,
    "approval_id": approvals,
    "certificate_id": certificates,
    "code_id": enrolment_codes,
}
"""What an address names → where it stands. The first one in an address is what its route asks about."""

WORDS = {"stage": "first", "step": "file", "kind": "sheet", "number": "1"}
WORDS_OF = {"/console/rectifications": "answer", "/v1/rectifications": "answer"}
SAID: Mapping[str, Action] = {
    "POST /v1/cases/{case_id}/steps": Action.CASE_DECIDE,
    "POST /console/cases/{case_id}/steps/{step}": Action.CASE_DECIDE,
    "POST /v1/rectifications/{rectification_id}/steps/{step}": Action.RECTIFICATION_ANSWER,
    "POST /console/rectifications/{rectification_id}/step": Action.RECTIFICATION_ANSWER,
    "POST /v1/monitoring/records/{monitoring_id}/opinions/{stage}": Action.MONITORING_REVIEW_FIRST,
    "POST /console/monitoring/{monitoring_id}/opinions/{stage}": Action.MONITORING_REVIEW_FIRST,
    "GET /v1/monitoring/queue": Action.MONITORING_REVIEW_FIRST,
    "GET /console/monitoring/queue": Action.MONITORING_REVIEW_FIRST,
}
"""Which of the alternatives is asked by what is sent here."""

TIME = "2026-01-05T09:30:00Z"
CASE = {"number": "新-1", "party": "x", "matter": "x", "place": "x"}
WISHES: Mapping[str, dict[str, Any]] = {
    "POST /v1/accounts": {"login": "somebody-new", "name": "x", "agency_id": "{agency_id}"},
    "PATCH /v1/accounts/{account_id}": {"name": "x", "reason": "x"},
    "POST /v1/devices/{device_id}/name": {"name": "x"},
    "POST /v1/devices/{device_id}/revoke": {"reason_code": "lost", "reason": "x"},
    "POST /v1/devices/{device_id}/description": {
        "kind": "phone",
        "maker": "x",
        "model": "x",
        "serial": "x",
    },
    "POST /v1/devices/{device_id}/checks": {"items": [{"item": "lens", "ok": True}]},
    "POST /v1/devices/{device_id}/issue": {"person_id": "{account_id}", "reason": "x"},
    "POST /v1/devices/{device_id}/return": {"reason": "x"},
    "POST /v1/devices/{device_id}/holdings/{issue}/amend": {"never": True, "reason": "x"},
    "POST /v1/certificates": {
        "account_id": "{account_id}",
        "number": "N-1",
        "valid_from": TIME,
        "valid_until": "2027-01-05T09:30:00Z",
    },
    "POST /v1/certificates/{certificate_id}/suspend": {"reason": "x"},
    "POST /v1/certificates/{certificate_id}/restore": {"reason": "x"},
    "POST /v1/certificates/{certificate_id}/withdraw": {"reason": "x"},
    "POST /v1/certificates/{certificate_id}/cancel": {"reason": "x"},
    "POST /v1/certificates/{certificate_id}/verify": {},
    "POST /v1/training/{account_id}": {
        "kind": "professional",
        "hours": 8,
        "held_on": "2026-01-05",
        "topic": "x",
    },
    "POST /v1/training/{account_id}/{training_id}/withdraw": {"reason": "x"},
    "POST /v1/training/sheets": {
        "sheet": base64.b64encode("登录名,日期,类别,学时,内容\nnobody,2026-01-05,业务,8,x".encode()).decode()
    },
    "POST /v1/recordings/{recording_id}/approvals": {"reason": "x"},
    "POST /v1/recordings/{recording_id}/answers": {"code": "late-handin", "text": "x"},
    "POST /v1/recordings/{recording_id}/retention-marks": {"stands": True, "reason": "x"},
    "POST /v1/recordings/{recording_id}/notes": {"text": "x"},
    "POST /v1/recordings/{recording_id}/notes/{note_id}/withdraw": {"reason": "x"},
    "POST /v1/recordings/{recording_id}/tags": {"word": "x"},
    "POST /v1/cases/{case_id}/notes": {"text": "x"},
    "POST /v1/cases/{case_id}/notes/{note_id}/withdraw": {"reason": "x"},
    "POST /v1/cases/{case_id}/tags": {"word": "x"},
    "POST /v1/recordings/{recording_id}/derivatives": {"kind": "sheet"},
    "POST /v1/duties": {"device_id": "{device_id}"},
    "POST /v1/approvals/{approval_id}/end": {"reason": "x"},
    "POST /v1/recordings/{recording_id}/looks": {"reason_code": "dispute"},
    "POST /v1/exports/{export_id}/looks": {"reason_code": "dispute"},
    "POST /v1/accounts/{account_id}/transfer": {"agency_id": "{agency_id}", "reason": "x"},
    "POST /v1/accounts/{account_id}/close": {"reason": "x"},
    "POST /v1/accounts/{account_id}/signout": {"reason": "x"},
    "POST /v1/accounts/{account_id}/factor/end": {"reason": "x"},
    "POST /v1/accounts/{account_id}/roles": {"role": "head"},
    "POST /v1/accounts/{account_id}/roles/{grant_id}/end": {"reason": "x"},
    "POST /v1/accounts/{account_id}/roles/{grant_id}/amend": {
        "leaf": "0" * 64,
        "for_good": True,
        "reason": "x",
    },
    "POST /v1/rosters": {
        "sheet": base64.b64encode("姓名,登录名,单位代码\n某人,someone-else,x".encode()).decode()
    },
    "POST /v1/accounts/links": {},
    "POST /v1/agencies": {"name": "新队", "code": "XD-1", "parent_id": "{agency_id}", "kind": "agency"},
    "PATCH /v1/agencies/{agency_id}": {"name": "新名"},
    "POST /v1/agencies/{agency_id}/settings": {
        "name": "link-days",
        "value": 9,
        "from_at": TIME,
        "source": "x",
    },
    "POST /v1/cases": CASE,
    "PATCH /v1/cases/{case_id}": {"party": "x", "reason": "x"},
    "POST /v1/cases/{case_id}/handlers": {"login": "{login}"},
    "POST /v1/cases/{case_id}/steps": {"step": "file"},
    "POST /v1/cases/{case_id}/recordings": {"recording_id": "{recording_id}"},
    "POST /v1/cases/{case_id}/recordings/{recording_id}/unlink": {"reason": "x"},
    "POST /v1/cases/{case_id}/recusals": {"reason": "x"},
    "POST /v1/cases/{case_id}/recusals/{recusal_id}/lift": {"reason": "x"},
    "POST /v1/cases/{case_id}/decision": {"outcome": "minor"},
    "POST /v1/cases/{case_id}/closing": {},
    "POST /v1/cases/{case_id}/summaries": {
        **dict.fromkeys(("basis", "number", "place"), "x"),
        "party_kind": "citizen",
        "penalties": ["warning"],
        "made_at": TIME,
        "officers": ["x"],
        "is_refused": False,
    },
    "POST /v1/cases/{case_id}/summaries/record": {},
    "POST /v1/cases/{case_id}/summaries/retract": {"reason": "x"},
    "POST /v1/cases/{case_id}/documents": {
        "formality": "notice",
        "title": "x",
        "dated": "2026-01-05",
    },
    "POST /v1/cases/{case_id}/documents/{document_id}/withdraw": {"reason": "x"},
    "POST /v1/cases/{case_id}/facts": {"text": "x"},
    "POST /v1/cases/{case_id}/facts/{fact_id}/proofs": {"recording_id": "{recording_id}"},
    "POST /v1/cases/{case_id}/facts/{fact_id}/unprove": {"recording_id": "{recording_id}"},
    "POST /v1/cases/{case_id}/facts/{fact_id}/accept": {
        "recording_id": "{recording_id}",
        "ground": "other",
        "text": "已核对",
    },
    "POST /v1/cases/{case_id}/monitoring": {"monitoring_id": "{monitoring_id}"},
    "POST /v1/cases/{case_id}/monitoring/{monitoring_id}/unlink": {"reason": "x"},
    "POST /v1/reviews/{review_id}/opinion": {"opinion": "pass", "statement": "x"},
    "POST /v1/reviews/{review_id}/answers": {"position": "{position}", "text": "x"},
    "POST /v1/equipment": {"number": "S-9", "name": "x", "kind": "axle_scale", "site": "x", "standard": "x"},
    "POST /v1/equipment/sources": {"name": "x"},
    "POST /v1/equipment/{equipment_id}/certificates": {
        "number": "x",
        "issuer": "x",
        "valid_from": TIME,
        "valid_until": "2027-01-05T09:30:00Z",
    },
    "POST /v1/equipment/{equipment_id}/reviews": {"kind": "legal", "document": "x", "reviewed_at": TIME},
    "POST /v1/equipment/{equipment_id}/publications": {
        "url": "https://example.invalid/41",
        "published_at": TIME,
    },
    "POST /v1/equipment/{equipment_id}/description": {"always": True, "site": "x", "reason": "x"},
    "POST /v1/equipment/{equipment_id}/facts/{entry}/amend": {"never": True, "reason": "x"},
    "POST /v1/equipment/{equipment_id}/certificates/{entry}/annul": {"reason": "x", "records": 0, "cases": 0},
    "POST /v1/equipment/{equipment_id}/suspend": {"reason": "x", "from_at": TIME},
    "POST /v1/equipment/{equipment_id}/resume": {},
    "POST /v1/equipment/{equipment_id}/bind": {"source_id": "{account_id}"},
    "POST /v1/monitoring/records/{monitoring_id}/opinions/{stage}": {"opinion": "valid", "reason": "x"},
    "POST /v1/monitoring/records/{monitoring_id}/notifications": {
        "channel": "sms",
        "outcome": "sent",
        "attempted_at": TIME,
        "proof": "x",
    },
    "POST /v1/monitoring/records/{monitoring_id}/case": CASE,
    "POST /v1/audits": {
        "title": "x",
        "kind": "sealed_recordings",
        "target_agency_id": "{agency_id}",
        "from_at": TIME,
        "until_at": "2027-01-05T09:30:00Z",
        "sources": [{"name": "x", "kind": "dice", "happens_at": "2027-01-05T09:30:00Z"}],
    },
    "POST /v1/audits/{audit_id}/amendment": {
        "title": "x",
        "kind": "sealed_recordings",
        "target_agency_id": "{agency_id}",
        "from_at": TIME,
        "until_at": "2027-01-05T09:30:00Z",
        "sources": [{"name": "x", "kind": "dice", "happens_at": "2027-01-05T09:30:00Z"}],
    },
    "POST /v1/audits/{audit_id}/drop": {"reason": "x"},
    "POST /v1/audits/{audit_id}/retraction": {"reason": "x"},
    "POST /v1/audits/{audit_id}/close": {"missing": 0, "wide": 0, "unmended": 0},
    "POST /v1/audits/{audit_id}/randomness": {"values": ["03"]},
    "POST /v1/audits/{audit_id}/confirmation": {"values": ["03"]},
    "POST /v1/audits/{audit_id}/inspectors": {"account_id": "{account_id}"},
    "POST /v1/audits/{audit_id}/members/{member_id}/third": {"account_id": "{account_id}"},
    "POST /v1/audits/{audit_id}/members/{member_id}/scores": {
        "scores": [{"code": "A1", "points": 1, "remark": "x"}]
    },
    "POST /v1/audits/{audit_id}/rectifications": {
        "item_code": "A1",
        "text": "x",
        "member_id": "{member_id}",
    },
    "POST /v1/rectifications/{rectification_id}/steps/{step}": {"text": "x"},
}
"""What is sent to the API; its form is lawful, so that only the right decides."""

TEXTS: Mapping[str, str] = {
    "name": "新的",
    "number": "S-2",
    "login": "{login}",
    "agency_id": "{agency_id}",
    "code": "XD-2",
    "parent_id": "{agency_id}",
    "principal_id": "",
    "supervising": "",
    "kind": "axle_scale",
    "opinion": "valid",
    "case_id": "{case_id}",
    "source_id": "{account_id}",
    "text": "x",
    "recording_id": "{recording_id}",
    "item": "evidence",
    "about": "",
    "target": "{agency_id}",
    "value": "03",
    "account_id": "{account_id}",
    "item_code": "A1",
    "remark": "x",
    "points": "1",
    "role": "head",
    "from_day": "",
    "until_day": "",
    "sheet": "姓名,登录名,单位代码\n某人,someone-else,x",
    "file": "",
    "is_sure": "",
    "step": "answer",
    "days": "7",
    "verified_at": "",
    "ends_hour": "",
    "inherits": "",
    "device_id": "{device_id}",
    "partner": "",
    "until_at": "",
    "maker": "x",
    "model": "x",
    "serial": "x",
    "found": "ok",
    "person_id": "{account_id}",
    "due_at": "",
    "paper": "",
    "exception": "",
}
TEXTS_OF: Mapping[str, Mapping[str, str]] = {
    "/console/accounts/{account_id}/roles/{grant_id}/amend": {
        "leaf": "0" * 64,
        "from_at": "",
        "until_at": "",
        "for_good": "yes",
    },
    "/console/agencies": {"kind": "agency"},
    "/console/equipment/{equipment_id}/facts/{entry}/amend": {
        "from_at": "",
        "until_at": "",
        "never": "never",
    },
    "/console/equipment/{equipment_id}/certificates/{entry}/annul": {
        "from_at": "",
        "records": "0",
        "cases": "0",
    },
    "/console/equipment/{equipment_id}/description": {
        **dict.fromkeys(("from_at", "number", "name", "standard", "point", "lat", "lon"), ""),
        "kind": "wrong",
    },
    "/console/cases/{case_id}/decision": {
        "outcome": "penalty",
        "penalties": "warning",
        "fine": "",
        "formality": "plea",
        "why": "x",
    },
    "/console/cases/{case_id}/closing": {"formality": "service", "why": "x"},
    "/console/cases/{case_id}/summary": {
        **dict.fromkeys(("first_officer", "second_officer"), "x"),
        "party_kind": "citizen",
        "penalties": "warning",
        "fine": "",
        "made_at": "2026-01-05T09:30",
        "signed": "signed",
        "is_sure": "yes",
        "formality": "plea",
        "why": "x",
    },
    "/console/cases/{case_id}/documents": {"formality": "notice", "dated": "2026-01-05", "recording_id": ""},
    "/console/cases/{case_id}/recusals": {"login": "", "ground": "own"},
    "/console/cases/{case_id}/conclude": {"proposal": "penalty"}
    | {kind.value: "no" for kind in ScopeKind}
    | {f"{kind.value}_ground": "x" for kind in ScopeKind},
    "/console/accounts": {"login": "somebody-new"},
    "/console/accounts/links": {"agency": "all"},
    "/console/recordings/{recording_id}/answers": {"code": "late-handin"},
    "/console/recordings/{recording_id}/retention-marks": {"stands": "true"},
    "/console/recordings/{recording_id}/tags": {"word": "x", "stands": "true"},
    "/console/cases/{case_id}/tags": {"word": "x", "stands": "true"},
    "/console/agencies/{agency_id}/settings": {
        "name": "link-days",
        "value": "9",
        "from_day": "2026-01-05",
    },
    "/console/agencies/{agency_id}/lists": {
        "name": "equipment-kinds",
        "items": "camera",
        "from_day": "2026-01-05",
    },
    "/console/recordings/{recording_id}/looks": {"reason_code": "dispute", "kind": "open"},
    "/console/monitoring/{monitoring_id}/looks": {"reason_code": "dispute"},
    "/console/exports/{export_id}/looks": {"reason_code": "dispute"},
    "/console/cases/{case_id}/print": {"reason_code": "dispute", "pictures": "with"},
    "/console/training/{account_id}": {"kind": "professional"},
    "/console/certificates": {"kind": "enforcement", "ends_hour": "", "valid_to": "2027-01-05"},
    "/console/devices/{device_id}/revoke": {"reason_code": "lost"},
    "/console/devices/{device_id}/description": {"kind": "phone"},
    "/console/devices/{device_id}/checks": {"item": "lens"},
    "/console/devices/{device_id}/issue": {"item": "lens"},
    "/console/devices/{device_id}/return": {"item": "lens"},
    "/console/devices/{device_id}/holdings/{issue}/amend": {"person_id": "nobody", "from_at": ""},
    "/console/reviews/{review_id}/opinion": {"opinion": "pass"},
    "/console/audits": {
        "kind": "sealed_recordings",
        "from_day": "2026-01-05",
        "until_day": "2026-03-05",
    },
    "/console/audits/{audit_id}/amend": {
        "kind": "sealed_recordings",
        "from_day": "2026-01-05",
        "until_day": "2026-03-05",
    },
    "/console/audits/{audit_id}/close": {"missing": "0", "wide": "0", "unmended": "0"},
    "/console/equipment/{equipment_id}/review": {"kind": "legal"},
    "/console/monitoring/{monitoring_id}/notification": {"proof": "x", "channel": "sms"},
    "/console/cases/{case_id}/facts/{fact_id}/prove": {"proof": "recording/{recording_id}"},
    "/console/cases/{case_id}/facts/{fact_id}/unprove": {"proof": "recording/{recording_id}"},
    "/console/cases/{case_id}/facts/{fact_id}/accept/{recording_id}": {"ground": "other", "text": "已核对"},
    "/console/audits/{audit_id}/members/{member_id}/scores": {"code": "A1", "points": "1"},
    "/console/audits/{audit_id}/members/{member_id}/rectification": {"at": "", "recording_id": ""},
}

LAWFUL_ROWS: Mapping[str, object] = {
    "review_grounds.position": 1,
    "audit_entries.reason": None,
    "audit_rechecks.outcome": "verified",
    "monitoring_records.plate": "苏J12345",
    "monitoring_records.party_code": "91320903MA1ABCDE0X",
}
"""What rows hold beside what their schema says, so that nothing but the right stands in the way."""
NOTHING_YET = ("proof-pending", "entry-unknown", "look-needed")
"""Refusals by which a row says that it has not come so far: they are given to who may ask."""

OWNERS_ALONE = {"session_id", "upload_id", "look_id", "manifest_id", "duty_id", "roster_id"}
"""What an address names that is its owner's, whoever else has whatever role; other tests ask for it."""
APART = {
    "POST /v1/manifests": "its body is signed by a device",
    "POST /v1/monitoring/records": "its body is a batch, not JSON",
    "POST /v1/rosters/sheets": "its body is a file, and has a test of its own",
    "POST /console/rosters": "as above",
    "DELETE /v1/sessions/current": "ends the asking",
    "POST /console/logout": "ends the asking",
    "POST /console/account/password": "hashes a password",
    "POST /v1/password": "hashes a password",
    "POST /v1/factor": "looks at a password",
    "POST /v1/factor/end": "as above",
    "POST /console/account/factor": "as above",
    "POST /console/account/factor/end": "as above",
    "POST /v1/presence/confirmations": "who was there is told by a code of theirs",
    "POST /console/presence/day": "as above",
    "POST /v1/presence/scans": "a code that is none is told by a code of its own",
    "POST /v1/presence/scans/preview": "as above",
    "POST /console/presence/scan": "as above",
    "POST /v1/denials/{denial_id}/settlement": "what a denial is about has a test of its own",
    "POST /console/denials/{denial_id}": "as above",
    "POST /v1/recordings/{recording_id}/notes/{note_id}/withdraw": "whoever wrote a note alone takes it back",
    "POST /v1/cases/{case_id}/notes/{note_id}/withdraw": "as above",
    "POST /console/recordings/{recording_id}/notes/{note_id}/withdraw": "as above",
    "POST /console/cases/{case_id}/notes/{note_id}/withdraw": "as above",
}
ALSO: Mapping[str, tuple[str, Action]] = {
    "POST /console/monitoring/{monitoring_id}/link": ("case_id", Action.CASE_LINK),
    "POST /console/monitoring/{monitoring_id}/cases/{case_id}/unlink": ("case_id", Action.CASE_LINK),
}
"""What is asked of a second thing that is sent or named."""
JUDGED_ALREADY = "/opinions/{stage}"
"""Whoever gave the other opinion on a record is refused for that, whatever they may."""
PLACES = ("own", "unit", "sibling", "other")


@dataclass
class Place:
    """One agency full of rows: what an address may name there."""

    agency: UUID
    names: dict[str, str]


@dataclass
class World:
    """Four places, and two people of the first."""

    store: UndoingStore
    places: dict[str, Place]
    people: dict[str, tuple[str, UUID]]
    client: httpx.Client

    def become(self, role: Role) -> None:
        """Give both people this role and no other; they are here, so that none of what is asked has to note it."""
        with unguarded(self.store) as tx:
            tx.connection.execute(update(sessions).values(used_at=tx.now))
            for _, ident in self.people.values():
                tx.connection.execute(delete(role_grants).where(role_grants.c.account_id == ident))
                tx.connection.execute(
                    role_grants.insert().values(
                        grant_id=uuid4(),
                        account_id=ident,
                        role=role,
                        reach="agency",
                        valid_during=Range(datetime(2026, 1, 1, tzinfo=UTC), None),
                        known_during=Range(datetime(2026, 1, 1, tzinfo=UTC), None),
                        grant_leaf=uuid4().bytes,
                        leaf=uuid4().bytes,
                    )
                )

    def ask(self, who: str, place: Place, route: str) -> httpx.Response:
        """Ask one route about what stands in a place."""
        method, _, path = route.partition(" ")
        token = self.people[who][0]
        filled = _filled(path, place.names)
        if path.startswith("/console"):
            texts = _texts(path, place.names) if method == "POST" else None
            sent = None if texts is None else {**texts, "csrf": form_token(token)}
            headers = {"Cookie": f"{COOKIE}={token}"}
            return self.client.request(method, filled, data=sent, headers=headers)
        headers = {**bearer(token), "If-Match": '"v1"'}
        if "/uploads" in path:
            headers |= {**VERSION, "Upload-Length": "3", "Upload-Metadata": "filename YS5qcGc="}
        wish = WISHES.get(route)
        return self.client.request(method, filled, json=_named(wish, place.names), headers=headers)


def _filled(path: str, names: Mapping[str, str]) -> str:
    step = next((word for start, word in WORDS_OF.items() if path.startswith(start)), WORDS["step"])
    words = {**WORDS, "step": step}
    query = "?stage=first" if path.endswith("/queue") else ""
    return re.sub(r"\{(\w+)\}", lambda met: {**words, **names}[met[1]], path) + query


def _named(wish: Any, names: Mapping[str, str]) -> Any:
    if isinstance(wish, dict):
        return {name: _named(value, names) for name, value in wish.items()}
    if isinstance(wish, list):
        return [_named(value, names) for value in wish]
    if wish == "{position}":
        return int(names["position"])
    return _filled(wish, names) if isinstance(wish, str) and "{" in wish else wish


def _texts(path: str, names: Mapping[str, str]) -> dict[str, str]:
    model = routes().get(path)
    given = {**LAWFUL, **TEXTS, **TEXTS_OF.get(path, {})}
    return {name: _filled(given[name], names) for name in (model.model_fields if model else ())}


def _place(store: Store, agency: UUID, owner: UUID) -> Place:
    """Fill an agency with rows; what they say somebody did, `owner` did."""
    _, colleague = make_account(store, agency, Role.HANDLER, certificate=uuid4().hex)
    _, keeper = make_account(store, agency, Role.CUSTODIAN)
    payload = jpeg(64, 64)
    key = f"recordings/{agency}/1"
    stored = store.objects.put(key, [payload], sha256=hashlib.sha256(payload).digest())
    kept: dict[str, object] = {"version_id": stored.version_id, "size_bytes": len(payload)}
    kept |= LAWFUL_ROWS
    kept |= {f"{table}.object_key": key for table in ("recordings", "derivatives", "derivations", "exports")}
    known = {"agencies": agency, "accounts": owner, "colleague": colleague.id}
    with store.begin() as tx:
        rows = Rows(tx.connection, known, is_full=True, **kept)
        rows.put_all()
        names = {
            name: str(rows.ids[table.name][-1]) for name, table in NOUNS.items() if table.name in rows.ids
        }
        last = review_grounds.c.id == rows.ids["review_grounds"][-1]
        position = tx.connection.scalar(select(review_grounds.c.position).where(last))
        mine = role_grants.c.account_id == colleague.id
        grant = tx.connection.scalar(select(role_grants.c.grant_id).where(mine))
        approval_id = tx.connection.scalar(
            insert(approvals)
            .values(
                agency_id=agency,
                recording_id=UUID(names["recording_id"]),
                account_id=colleague.id,
                reason="x",
                asked_at=tx.now,
                until_at=tx.now + timedelta(days=9),
                leaf=uuid4().bytes,
            )
            .returning(approvals.c.id)
        )
        recusal_id = tx.connection.scalar(
            insert(recusals)
            .values(
                case_id=UUID(names["case_id"]),
                account_id=keeper.id,
                ground="own",
                reason="x",
                barred_by=keeper.id,
                barred_at=tx.now,
                leaf=uuid4().bytes,
            )
            .returning(recusals.c.id)
        )
        document_id = tx.connection.scalar(
            insert(case_documents)
            .values(
                case_id=UUID(names["case_id"]),
                formality="notice",
                title="x",
                dated=tx.now.date(),
                filed_by=keeper.id,
                filed_at=tx.now,
                leaf=uuid4().bytes,
            )
            .returning(case_documents.c.id)
        )
        training_id = tx.connection.scalar(
            insert(trainings)
            .values(
                account_id=colleague.id,
                kind="public_law",
                hours=8,
                held_on=tx.now.date(),
                topic="x",
                entered_by=colleague.id,
                entered_at=tx.now,
                leaf=uuid4().bytes,
            )
            .returning(trainings.c.id)
        )
        issue = uuid4().bytes * 2
        tx.connection.execute(
            insert(device_holdings).values(
                device_id=UUID(names["device_id"]),
                person_id=colleague.id,
                valid_during=Range(tx.now, None),
                known_during=Range(tx.now, None),
                issue=issue,
                leaf=issue,
            )
        )
        certified = equipment_certificates.c.equipment_id == UUID(names["equipment_id"])
        entry = tx.connection.execute(select(equipment_certificates.c.entry).where(certified)).scalar_one()
        held = certificates.c.account_id == colleague.id
        certificate_id = tx.connection.scalar(select(certificates.c.id).where(held))
        tx.enrolments.issue_code(keeper)
        names["code_id"] = str(tx.enrolments.codes(keeper)[0].id)
    names |= {"certificate_id": str(certificate_id)}
    names |= {"training_id": str(training_id), "recusal_id": str(recusal_id), "document_id": str(document_id)}
    names |= {"approval_id": str(approval_id), "issue": issue.hex()}
    names |= {"fact_id": str(rows.ids["case_facts"][-1]), "position": str(position)}
    names |= {"entry": entry.hex()}
    names |= {"member_id": names["case_id"], "grant_id": str(grant), "login": colleague.login}
    return Place(agency, {**names, "account_id": str(colleague.id), "agency_id": str(agency)})


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("matrix")), pool_size=10)
    store = UndoingStore(settings)
    top = make_agency(store, is_supervising=True)
    own = make_agency(store, parent=top, is_supervising=True)
    found = {
        "own": own,
        "unit": make_agency(store, parent=own),
        "sibling": make_agency(store, parent=top),
        "other": make_agency(store, is_supervising=True),
    }
    people = {who: make_account(store, own) for who in ("related", "stranger")}
    owners = {name: make_account(store, agency)[1].id for name, agency in found.items()}
    owners["own"] = people["related"][1].id
    places = {name: _place(store, agency, owners[name]) for name, agency in found.items()}
    named = {who: (token, one.id) for who, (token, one) in people.items()}
    with serving(store) as url, httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        yield World(store, places, named, client)
    store.close()


CELLS = [("related", "own"), *(("stranger", place) for place in PLACES)]


def _cells(actor: Actor, route: str, now: datetime, drawn: random.Random) -> list[tuple[str, str]]:
    """Who asks where: everybody everywhere; one draw of the strangers where the role opens the route nowhere.

    `MATRIX=whole` asks in every place there, too (`make soak`).
    """
    if "{" not in route:
        return CELLS[1:2]
    ask = ROUTES[route]
    either = (SAID[route],) if route in SAID else ask.either
    is_possible = all(_anything(actor, one, now) for one in ask.actions) and (
        not either or any(_anything(actor, one, now) for one in either)
    )
    if is_possible or os.environ.get("MATRIX") == "whole":
        return CELLS
    return [CELLS[0], drawn.choice(CELLS[1:])]


@pytest.mark.parametrize("role", list(Role))
def test_what_is_answered_is_what_the_policy_says(
    world: World, role: Role, request: pytest.FixtureRequest
) -> None:
    """403 or 404 where `may` says no, and neither of them where it says yes; without a permission at all it is named."""
    world.become(role)
    with world.store.begin() as tx:
        kept, now = Kept.read(tx.connection, exports, equipment, devices, enrolment_codes, approvals), tx.now
    actors = {who: as_kept(kept, kept.one(accounts, ident), now) for who, (_, ident) in world.people.items()}
    drawn = random.Random(f"{role}-{request.config.getoption('hypothesis_seed')}")
    asked = [
        (who, place, route)
        for route, ask in ROUTES.items()
        if not ask.is_public
        and route not in APART
        and not OWNERS_ALONE & set(re.findall(r"\{(\w+)\}", route))
        for who, place in _cells(actors["related"], route, now, drawn)
        if not (who == "related" and route.endswith(JUDGED_ALREADY))
    ]
    world.store.is_undoing = True
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda one: world.ask(one[0], world.places[one[1]], one[2]), asked))
    finally:
        world.store.is_undoing = False
    wrong = []
    for (who, place, route), answer in zip(asked, answers, strict=True):
        expected = _expected(kept, actors[who], world.places[place], route, now)
        is_refused = answer.status_code in (401, 403, 404) and not any(
            one in answer.text for one in NOTHING_YET
        )
        if expected is is_refused:
            wrong.append((route, who, place, "yes" if expected else "no", answer.status_code))
        assert answer.status_code != 405, route
    assert not wrong, "\n".join(map(str, wrong))


def _expected(kept: Kept, actor: Actor, place: Place, route: str, now: datetime) -> bool:
    ask, reference = ROUTES[route], Reference(kept, actor, now)
    either = (SAID[route],) if route in SAID else ask.either
    method, _, path = route.partition(" ")
    is_list = "{" not in path and method == "GET"

    def granted(action: Action) -> bool:
        if is_list:
            return bool(_anything(actor, action, now))
        return may(actor, action, _subject(reference, place, path, action), now)

    if route in ALSO:
        name, action = ALSO[route]
        if not may(actor, action, _subject(reference, place, f"{{{name}}}", action), now):
            return False
    return all(map(granted, ask.actions)) and (not either or any(map(granted, either)))


def _anything(actor: Actor, action: Action, now: datetime) -> bool:
    everything = Subject(agency_id=actor.agency_id, related=~Relation(0))
    return may(actor, action, everything, now)


def _subject(reference: Reference, place: Place, path: str, action: Action) -> Subject:
    kept, actor = reference.w, reference.actor
    named = re.search(r"\{(\w+)\}", path)
    if named is None:
        return Subject(agency_id=actor.agency_id, related=Relation.OWN)
    table, ident = NOUNS[named[1]], UUID(place.names[named[1]])
    if table is agencies:
        return Subject(agency_id=ident)
    if table is monitoring_records and action is Action.RECORDING_WATCH:
        table, ident = recordings, UUID(place.names["recording_id"])
    row = kept.one(table, ident)
    if table is certificates:
        return Subject(agency_id=kept.one(accounts, row["account_id"])["agency_id"])
    if table is reviews and action is not Action.CASE_REVIEW:
        table, row = cases, kept.one(cases, row["case_id"])
    related = reference.of(table.name, row)
    return Subject(agency_id=row["agency_id"], related=related)


def test_the_matrix_leaves_nothing_out() -> None:
    """Every route is asked, or named here with the reason; every form and every body is lawful by itself."""
    asked = {route for route, ask in ROUTES.items() if not ask.is_public}
    left_out = {route for route in asked if OWNERS_ALONE & set(re.findall(r"\{(\w+)\}", route))}
    named = {
        route: re.findall(r"\{(\w+)\}", route)[0]
        for route in asked - left_out
        if "{" in route and route not in APART
    }

    for path in routes():
        if f"POST {path}" in asked - set(APART):
            _texts(path, dict.fromkeys([*NOUNS, "login"], "x"))
    assert set(APART) <= asked
    assert set(named.values()) <= set(NOUNS)
    assert {route for route, ask in ROUTES.items() if ask.either} - set(SAID) == {
        "POST /v1/audits/{audit_id}/rectifications",
        "POST /console/audits/{audit_id}/members/{member_id}/rectification",
        "GET /v1/duties",
        "GET /v1/cases/{case_id}/overlaps",
        "GET /console/duties",
    }
