"""Every refusal by its slug, for those who meet one as data: a kept row, an answer, the published contract."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas import (
    refusals_account,
    refusals_actor,
    refusals_agency,
    refusals_annotation,
    refusals_approval,
    refusals_audit,
    refusals_case,
    refusals_certificate,
    refusals_command,
    refusals_concat,
    refusals_custody,
    refusals_examination,
    refusals_export,
    refusals_factor,
    refusals_finding,
    refusals_follow,
    refusals_holding,
    refusals_look,
    refusals_manifest,
    refusals_monitoring,
    refusals_objects,
    refusals_personal,
    refusals_presence,
    refusals_procedure,
    refusals_recording,
    refusals_recusal,
    refusals_request,
    refusals_retention,
    refusals_role,
    refusals_roster,
    refusals_scope,
    refusals_setting,
    refusals_shift,
    refusals_sso,
    refusals_summary,
    refusals_training,
    refusals_upload,
)
from schemas.errors import AnyRefusal, Refusal

SERVER_FAMILIES = (
    refusals_account,
    refusals_agency,
    refusals_annotation,
    refusals_certificate,
    refusals_role,
    refusals_roster,
    refusals_actor,
    refusals_audit,
    refusals_case,
    refusals_concat,
    refusals_custody,
    refusals_examination,
    refusals_export,
    refusals_finding,
    refusals_approval,
    refusals_factor,
    refusals_holding,
    refusals_look,
    refusals_manifest,
    refusals_monitoring,
    refusals_objects,
    refusals_personal,
    refusals_presence,
    refusals_procedure,
    refusals_recording,
    refusals_recusal,
    refusals_request,
    refusals_scope,
    refusals_retention,
    refusals_sso,
    refusals_setting,
    refusals_shift,
    refusals_summary,
    refusals_training,
    refusals_upload,
)
COMMAND_FAMILIES = (refusals_command, refusals_follow)


def _by_slug(families: tuple[object, ...]) -> Mapping[str, AnyRefusal]:
    found = (one for family in families for one in vars(family).values() if isinstance(one, Refusal))
    return MappingProxyType({one.slug: one for one in found})


ANSWERED: Mapping[str, AnyRefusal] = _by_slug(SERVER_FAMILIES)
"""What the server may answer or keep: the published contract."""

REFUSALS: Mapping[str, AnyRefusal] = _by_slug((*SERVER_FAMILIES, *COMMAND_FAMILIES))
"""All there are. A slug that is not here was not declared by this version: each look-up says what it then does."""
