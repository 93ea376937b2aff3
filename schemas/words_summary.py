"""Words of the summary procedure: whom a penalty on the spot falls on, and what the law asks of it."""

from schemas.procedure import Formality, FormalityLine
from schemas.summary import PartyKind
from schemas.words import Words, vocabulary
from schemas.words_procedure import formality_law

PARTY_KINDS = vocabulary(
    PartyKind,
    {
        PartyKind.CITIZEN: ("公民", "Citizen"),
        PartyKind.ORGANISATION: ("法人或者其他组织", "Legal person or other organisation"),
    },
)

_SUMMARY_LAW = {
    Formality.CONTENTS: Words(
        "出示执法证件，填写预定格式、编有号码的决定书，载明违法行为、处罚的种类和依据、数额、时间、地点、救济途径和期限、"
        "机关名称，由执法人员签名或者盖章",
        "Certificates are shown; a numbered form says the act, kind and basis, amount, time, place, remedies and periods,"
        " and the agency, signed by the officers",
    ),
    Formality.SERVICE: Words(
        "当场交付当事人；拒绝签收的，在决定书上注明",
        "Handed to the party on the spot; a refusal to sign is noted on it",
    ),
}


def line_law(line: FormalityLine) -> Words:
    """Return what the law says of a duty, in the procedure of its case."""
    told = _SUMMARY_LAW.get(line.formality) if line.is_summary else None
    return told or formality_law(line.formality)
