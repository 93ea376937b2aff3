"""The register of fixed equipment: what each is, its dated facts, corrected without losing what was said, its source."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import Range, insert

from schemas.actor import Actor, Role
from schemas.base import Frozen, HexDigest
from schemas.declaration import DocumentKind
from schemas.equipment import (
    STEPS,
    Certificate,
    CertificateIn,
    Equipment,
    EquipmentIn,
    EquipmentKind,
    EquipmentReviewIn,
    EquipmentState,
    EquipmentStep,
    PublicationIn,
    SuspensionIn,
)
from schemas.equipment_amend import Fact, FactAmendIn, corrected, span_of, texts_of
from schemas.equipment_annul import uncovered
from schemas.equipment_version import VALUES, EquipmentDescribeIn, last_said, redescribed
from schemas.ids import AccountId, EquipmentId, RecordingId
from schemas.leaves_account import AccountKind
from schemas.leaves_device import (
    EquipmentBind,
    EquipmentCertify,
    EquipmentPublish,
    EquipmentResume,
    EquipmentReviewed,
    EquipmentSuspend,
)
from schemas.leaves_device import EquipmentRegister as Registered
from schemas.page import Cursor, Page
from schemas.policy import Action, Subject, require
from schemas.reference import reference
from schemas.refusals_monitoring import (
    CERTIFICATE_SCAN_UNKNOWN,
    EQUIPMENT_FACT_RESTED_ON,
    EQUIPMENT_FACT_UNKNOWN,
    EQUIPMENT_NUMBER_TAKEN,
    FACT_IN_FUTURE,
    SOURCE_UNKNOWN,
)
from schemas.refusals_setting import EQUIPMENT_KIND_UNLISTED
from schemas.setting_list import ListSetting
from storage.act import Deed, fresh_id
from storage.actor.actor import Accounts
from storage.collection import By, Unit, sorted_order
from storage.custody.values import shown
from storage.equipment.fact import amend_act, enter_fact, restate_fact
from storage.equipment.keeping import Keeping
from storage.equipment.version import describe_act, first_version, is_number_free, point_of, tell_versions
from storage.password import FreshPassword
from storage.reads.account import sources_of
from storage.reads.recording import sealed_paper
from storage.reads.rested import rested_on
from storage.reads.setting import list_at
from storage.tables.equipment import (
    equipment,
    equipment_certificates,
    equipment_publications,
    equipment_reviews,
    equipment_suspensions,
)

SORTS: Mapping[str, By | None] = {
    "registered": None,
    "number": By(equipment.c.number),
    "name": By(equipment.c.name),
}
"""By what a reader may sort the register."""


class NewSource(Frozen):
    """A machine account; the password is shown once, only its argon2id hash is kept."""

    account_id: AccountId
    login: str
    password: str


class Source(Frozen):
    """A machine account of the agency, for the form that binds equipment to one."""

    id: AccountId
    login: str
    name: str


class EquipmentRegister(Keeping):
    """Fixed equipment of the agencies."""

    def __init__(self, unit: Unit, accounts_: Accounts) -> None:
        super().__init__(unit)
        self._accounts = accounts_

    def kinds(self, actor: Actor) -> tuple[EquipmentKind, ...]:
        """Return the kinds that the actor's agency registers now, in its order."""
        name, installed = ListSetting.EQUIPMENT_KINDS, self._unit.settings
        return tuple(
            map(EquipmentKind, list_at(self._connection, installed, actor.agency_id, name, self._now))
        )

    def register(self, actor: Actor, wish: EquipmentIn) -> Equipment:
        """Enter a piece of equipment; it is in service, and its gate is closed until its facts are entered.

        Raises:
            Refused: the actor does not keep the register.
            Conflict: the agency has equipment of this number (slug `equipment-number-taken`).
            Invalid: the agency registers no such kind (slug `equipment-kind-unlisted`).
        """
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=actor.agency_id), self._now)
        if wish.kind not in self.kinds(actor):
            raise EQUIPMENT_KIND_UNLISTED("the agency registers no equipment of this kind")
        ident = EquipmentId(fresh_id())
        about = reference("equipment", ident)
        deed = self._begin(actor, actor.agency_id, about)
        first = first_version(wish, deed)
        if not is_number_free(self._connection, actor.agency_id, ident, [first]):
            raise EQUIPMENT_NUMBER_TAKEN("the agency has equipment of this number")
        self._connection.execute(
            insert(equipment).values(
                id=ident,
                agency_id=actor.agency_id,
                state=STEPS.begin.state,
                version=deed.next_number(about),
                registered_by=actor.id,
                registered_at=deed.at,
                **wish.model_dump(mode="json"),
            )
        )
        registered = Registered(
            agency=reference("agency", actor.agency_id),
            kind=wish.kind,
            to=EquipmentState.IN_SERVICE,
            point=shown(point_of(wish)),
            **{name: shown(getattr(wish, name)) for name in ("number", "name", "site", "standard")},
        )
        leaf = deed.write(registered, about).digest
        tell_versions(
            self._connection,
            deed,
            leaf,
            by=actor,
            about=ident,
            agency_id=actor.agency_id,
            versions=[first],
            reason=None,
        )
        return self.get(actor, ident)

    def page(
        self,
        actor: Actor,
        *,
        text: str | None = None,
        sort: str | None = None,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page[Equipment]:
        """List the register, newest first or as `sort` says (`SORTS`); `text` narrows by number, name or site.

        Raises:
            Refused: the actor may not see equipment.
        """
        wanted = self._select().where(self._visible(actor))
        if text:
            columns = (equipment.c.number, equipment.c.name, equipment.c.site)
            written = func.concat_ws(" ", *columns)
            wanted = wanted.where(written.icontains(text, autoescape=True))
        order = sorted_order(equipment.c.id, SORTS, sort)
        return self._page(wanted, order, after=after, limit=limit).each(Equipment.of_row)

    def describe(self, actor: Actor, ident: EquipmentId, wish: EquipmentDescribeIn, seen: int) -> Equipment:
        """Say number, name, site, standard or position anew, from a time on or from the beginning.

        What was said before stays known for its time, and records that were taken in stay those of this equipment.

        Raises:
            NotFound, Refused, VersionConflict: as for every change of the register.
            Invalid, Conflict: as `schemas.equipment_version.redescribed`, or the agency has other equipment of this
                number at that time (slug `equipment-number-taken`).
        """
        deed, held = self._take(actor, ident, seen)
        change = redescribed(self.versions(ident), wish, deed.at)
        if "number" in change.fields:
            is_free = is_number_free(self._connection, held.agency_id, ident, change.versions)
            if not is_free:
                raise EQUIPMENT_NUMBER_TAKEN("the agency has equipment of this number")
        last = last_said(change.versions)
        values = {name: getattr(last, name) for name in VALUES}
        leaf = self._say(deed, held, describe_act(wish, change), **values)
        tell_versions(
            self._connection,
            deed,
            leaf,
            by=actor,
            about=ident,
            agency_id=held.agency_id,
            versions=change.versions,
            reason=wish.reason,
        )
        return self.get(actor, held.id)

    def certify(self, actor: Actor, ident: EquipmentId, wish: CertificateIn, seen: int) -> Equipment:
        """Add a verification certificate, with its scan where one is named.

        Raises:
            Invalid: the scan is no sealed document of that kind of the same agency (slug `certificate-scan-unknown`).
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        deed, held = self._take(actor, ident, seen)
        words = {"number": shown(wish.number), "issuer": shown(wish.issuer)}
        scan = None if wish.recording_id is None else self._scan(held, wish.recording_id)
        certified = EquipmentCertify(from_=wish.valid_from, until=wish.valid_until, document=scan, **words)
        leaf = self._say(deed, held, certified)
        span = Range(wish.valid_from, wish.valid_until)
        papers = {"number": wish.number, "issuer": wish.issuer, "scan": scan}
        enter_fact(
            self._connection, equipment_certificates, deed, leaf, by=actor, about=held.id, span=span, **papers
        )
        return self.get(actor, held.id)

    def _scan(self, held: Equipment, recording_id: RecordingId) -> HexDigest:
        """Return the digest of a certificate's scan."""
        kind = DocumentKind.VERIFICATION_CERTIFICATE
        found = sealed_paper(self._connection, recording_id, held.agency_id, kind)
        if found is None:
            raise CERTIFICATE_SCAN_UNKNOWN("no such sealed document of the agency")
        return found

    def review(self, actor: Actor, ident: EquipmentId, wish: EquipmentReviewIn, seen: int) -> Equipment:
        """Add a technical or legal review.

        Raises:
            Invalid: it lies in the future (slug `fact-in-future`).
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        deed, held = self._take(actor, ident, seen)
        _require_past(wish.reviewed_at, deed)
        reviewed = EquipmentReviewed(kind=wish.kind, reviewed_at=wish.reviewed_at, title=shown(wish.document))
        leaf = self._say(deed, held, reviewed)
        span, papers = Range(wish.reviewed_at, None), {"kind": wish.kind, "document": wish.document}
        enter_fact(
            self._connection, equipment_reviews, deed, leaf, by=actor, about=held.id, span=span, **papers
        )
        return self.get(actor, held.id)

    def publish(self, actor: Actor, ident: EquipmentId, wish: PublicationIn, seen: int) -> Equipment:
        """Add where and when the location was published.

        Raises:
            Invalid: it lies in the future (slug `fact-in-future`).
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        deed, held = self._take(actor, ident, seen)
        _require_past(wish.published_at, deed)
        published = EquipmentPublish(published_at=wish.published_at, url=shown(wish.url))
        leaf, span = self._say(deed, held, published), Range(wish.published_at, None)
        enter_fact(
            self._connection,
            equipment_publications,
            deed,
            leaf,
            by=actor,
            about=held.id,
            span=span,
            url=wish.url,
        )
        return self.get(actor, held.id)

    def suspend(self, actor: Actor, ident: EquipmentId, wish: SuspensionIn, seen: int) -> Equipment:
        """Take equipment out of service from a time on; its records are kept and are no evidence meanwhile.

        Raises:
            Invalid: it lies in the future (slug `fact-in-future`).
            TransitionRefused: it is suspended already.
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        deed, held = self._take(actor, ident, seen)
        after = STEPS.after(held.state, EquipmentStep.SUSPEND, None)
        from_at = wish.from_at or deed.at
        _require_past(from_at, deed)
        suspended = EquipmentSuspend(from_at=from_at, to=EquipmentState.SUSPENDED, reason=shown(wish.reason))
        leaf, span = self._say(deed, held, suspended, state=after), Range(from_at, None)
        why = {"reason": wish.reason}
        enter_fact(
            self._connection, equipment_suspensions, deed, leaf, by=actor, about=held.id, span=span, **why
        )
        return self.get(actor, held.id)

    def resume(self, actor: Actor, ident: EquipmentId, seen: int) -> Equipment:
        """Put equipment back into service from now on.

        Raises:
            TransitionRefused: it is in service.
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        deed, held = self._take(actor, ident, seen)
        after = STEPS.after(held.state, EquipmentStep.RESUME, None)
        (known,) = (one for one in self.facts(ident).said().suspensions if one.until_at is None)
        until_at = max(known.from_at.astimezone(UTC), deed.at)
        resumed = EquipmentResume(until_at=until_at, to=EquipmentState.IN_SERVICE)
        leaf = self._say(deed, held, resumed, state=after)
        span = Range(known.from_at, until_at) if known.from_at < until_at else None
        restate_fact(self._connection, deed, leaf, known, by=actor, span=span)
        return self.get(actor, held.id)

    def amend(
        self, actor: Actor, ident: EquipmentId, entry: HexDigest, wish: FactAmendIn, seen: int
    ) -> Equipment:
        """Correct a certificate, review, publication or suspension; what was said before stays known for its time.

        Records that were taken in, judged and linked stay so; whoever asks from now on is told by what is said now. So
        a certificate on which valid ones rest alone is annulled, and not corrected away.

        Raises:
            NotFound: as for every change of the register, or no such fact of it (slug `equipment-fact-unknown`).
            Refused, VersionConflict: as for every change of the register.
            Invalid, Conflict: as `schemas.equipment_amend.corrected`, or valid records would rest on nothing (slug
                `equipment-fact-rested-on`).
        """
        deed, held = self._take(actor, ident, seen)
        said = self.facts(ident).said()
        told: tuple[Fact, ...] = (*said.certificates, *said.reviews, *said.publications, *said.suspensions)
        known = next((one for one in told if one.entry == entry), None)
        if known is None:
            raise EQUIPMENT_FACT_UNKNOWN("no such fact of this equipment")
        after = corrected(known, wish, deed.at)
        if isinstance(known, Certificate):
            self._require_cover(held, known, after, [one for one in said.certificates if one is not known])
        leaf = self._say(deed, held, amend_act(entry, after, wish.reason))
        span = None if after is None else Range(*span_of(after))
        texts = {} if after is None else texts_of(after)
        changed = {**texts, "amend_reason": wish.reason}
        restate_fact(self._connection, deed, leaf, known, by=actor, span=span, **changed)
        return self.get(actor, held.id)

    def _require_cover(
        self, held: Equipment, known: Certificate, after: Fact | None, others: Sequence[Certificate]
    ) -> None:
        void = uncovered(known, after if isinstance(after, Certificate) else None)
        rested = rested_on(self._connection, self._unit.settings, held, void, others)
        if rested:
            raise EQUIPMENT_FACT_RESTED_ON(
                "valid records rest on this certificate alone", records=len(rested)
            )

    def make_source(self, actor: Actor, name: str, fresh: FreshPassword) -> NewSource:
        """Make a machine account of the actor's agency; it may hand in what its own equipment records.

        Raises:
            Refused: the actor does not keep the register.
        """
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=actor.agency_id), self._now)
        # A crash before the answer leaves an account whose password nobody knows; another one is made.
        login = f"source-{uuid4().hex[:10]}"
        account_id = self._accounts.add(
            agency_id=actor.agency_id,
            login=login,
            name=name,
            password_hash=fresh.password_hash,
            roles=frozenset({Role.SOURCE}),
            kind=AccountKind.MACHINE,
            reason=actor.reference,  # only an administrator may open accounts: the service does, and says for whom
        )
        return NewSource(account_id=account_id, login=login, password=fresh.password)

    def sources(self, actor: Actor) -> tuple[Source, ...]:
        """Return the machine accounts of the actor's own agency."""
        rows = sources_of(self._connection, actor.agency_id, self._moment)
        return tuple(Source.of_row(row) for row in rows)

    def bind(self, actor: Actor, ident: EquipmentId, source_id: AccountId, seen: int) -> Equipment:
        """Bind equipment to the machine account that hands in its records.

        Raises:
            NotFound: no such source in the agency of the equipment (slug `source-unknown`).
            Refused, VersionConflict: as for every change of the register.
        """
        source = reference("account", source_id)
        deed, held = self._take(actor, ident, seen, source)
        if source_id not in {row["id"] for row in sources_of(self._connection, held.agency_id, self._moment)}:
            raise SOURCE_UNKNOWN("no such source in the agency of the equipment")
        return self._write(actor, deed, held, EquipmentBind(source=source), source_id=source_id)


def _require_past(at: datetime, deed: Deed) -> None:
    if at > deed.at:
        raise FACT_IN_FUTURE("it lies in the future: enter it when it has happened")
