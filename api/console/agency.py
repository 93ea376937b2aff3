"""The tree of agencies and units."""

from typing import Annotated, ClassVar

from fastapi import Form
from starlette.responses import Response

from api.console.apart import apart, version_of
from api.console.guard import Acting, Visiting
from api.console.typed import Change, Fault, Forms, Typed, Versioned, VersionForm, into, label, seen
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.agency import Agency, AgencyAmendIn, AgencyIn
from schemas.ids import AgencyId
from schemas.leaves_agency import AgencyKind
from schemas.policy import Action
from schemas.reference import reference

router = pages()


class AgencyForm(Typed[AgencyIn]):
    """A new unit."""

    name: str = label("单位名称")
    code: str = label("统一社会信用代码，或自编代码")
    parent_id: str = label("上级单位")
    kind: str = label("类别")
    principal_id: str = label("委托机关（仅受委托组织）")
    supervising: str = label("监督下级单位")

    whole: ClassVar[tuple[str, Fault]] = ("principal_id", Fault.HALF)

    def wish(self) -> AgencyIn:
        return into(self, AgencyIn, supervising=self.supervising == "yes")


class AgencyAmendForm(Versioned[Change[AgencyAmendIn]]):
    """What is said of a unit, changed."""

    name: str = label("单位名称")
    code: str = label("统一社会信用代码，或自编代码")
    parent_id: str = label("上级单位")
    supervising: str = label("监督下级单位")

    def wish(self) -> Change[AgencyAmendIn]:
        return Change(into(self, AgencyAmendIn, supervising=self.supervising == "yes"), seen(self))


class TreeForms(Forms):
    """The form of the tree."""

    agency: AgencyForm = AgencyForm()


class AgencyForms(Forms):
    """The form of one unit."""

    amend: AgencyAmendForm = AgencyAmendForm()


@router.get("/agencies")
def agencies(visit: Visiting) -> Response:
    """Show the tree."""
    return _tree(visit)


def _tree(visit: Visit, mistake: Mistake | None = None) -> Response:
    return visit.page(
        "agencies.html",
        forms=TreeForms,
        mistake=mistake,
        here="accounts",
        tree=visit.tx.agencies.tree(visit.actor),
        kinds=list(AgencyKind),
        may_keep=visit.may(Action.AGENCY_KEEP),
    )


@router.post("/agencies")
def open_agency(visit: Acting, form: Annotated[AgencyForm, Form()]) -> Response:
    """Open a unit below another one."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.agencies.open(visit.actor, wish),
        again=lambda mistake: _tree(visit, mistake),
        then=to("/console/agencies"),
    )


@router.get("/agencies/{agency_id}")
def agency(visit: Visiting, agency_id: AgencyId) -> Response:
    """Show one unit."""
    return _page(visit, agency_id)


def _standing(found: Agency) -> AgencyAmendForm:
    return AgencyAmendForm(
        name=found.name,
        code=found.code,
        parent_id=str(found.parent_id or ""),
        supervising="yes" if found.is_supervising else "",
    )


def _page(visit: Visit, agency_id: AgencyId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.agencies.get(actor, agency_id)
    entries = tx.custody.chain(reference("agency", agency_id))
    told = [one for one in entries if one.leaf.subject == reference("agency", agency_id)]
    tree = tx.agencies.tree(actor)
    return visit.page(
        "agency.html",
        forms=AgencyForms,
        mistake=mistake,
        here="accounts",
        agency=found,
        apart=apart(mistake, _standing(found), visit.language, said={str(one.id): one.name for one in tree}),
        version=version_of(mistake, found.version),
        tree=tree,
        may_keep=visit.may(Action.AGENCY_KEEP, agency_id) and found.closed_at is None,
        standing=tx.agencies.standing(agency_id),
        entries=told,
        names=tx.accounts.names(visit.actor, [one.leaf.actor for one in told]),
    )


@router.post("/agencies/{agency_id}")
def amend(visit: Acting, agency_id: AgencyId, form: Annotated[AgencyAmendForm, Form()]) -> Response:
    """Change what is said of a unit."""
    return submit(
        visit,
        form,
        lambda asked: visit.tx.agencies.amend(visit.actor, agency_id, asked.wish, asked.seen),
        again=lambda mistake: _page(visit, agency_id, mistake),
        then=to("/console/agencies"),
    )


@router.post("/agencies/{agency_id}/close")
def close(visit: Acting, agency_id: AgencyId, form: Annotated[VersionForm, Form()]) -> Response:
    """Close a unit in which nobody and nothing at work stands."""
    return submit(
        visit,
        form,
        lambda version: visit.tx.agencies.close(visit.actor, agency_id, version),
        again=lambda mistake: _page(visit, agency_id, mistake),
        then=to("/console/agencies"),
    )
