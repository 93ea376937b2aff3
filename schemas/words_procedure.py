"""Words of procedure: what each duty of the law is called, and what the law says of it."""

from schemas.decision import DecisionOutcome, PenaltyKind
from schemas.procedure import Formality
from schemas.words import Words, vocabulary

FORMALITIES = vocabulary(
    Formality,
    {
        Formality.NOTICE: ("事先告知", "Prior notice"),
        Formality.PLEA: ("听取陈述、申辩并复核", "Statement and plea heard and reviewed"),
        Formality.HEARING: ("听证", "Hearing"),
        Formality.DISCUSSION: ("负责人审查或集体讨论", "Examined by the head, or discussed collectively"),
        Formality.CONTENTS: ("决定书载明事项", "Contents of the written decision"),
        Formality.TERM: ("九十日内作出决定", "Decided within ninety days"),
        Formality.SERVICE: ("送达", "Service"),
    },
)

FORMALITY_LAW = vocabulary(
    Formality,
    {
        Formality.NOTICE: (
            "告知拟作出的处罚内容及事实、理由、依据，以及陈述、申辩、要求听证的权利；未告知的，不得作出行政处罚决定（第六十二条）",
            (
                "Content, facts, grounds and basis, and the rights to state, plead and be heard; without it no penalty"
                " decision may be made (art. 62)"
            ),
        ),
        Formality.PLEA: (
            "听取意见并复核，当事人放弃或者逾期未提出的，登记载明这一情况的文书；拒绝听取的，不得作出行政处罚决定（第六十二条）",
            (
                "Heard and reviewed; where the party waived it or let the period pass, the document that says so. Where it"
                " was refused, no penalty decision may be made (art. 62)"
            ),
        ),
        Formality.HEARING: (
            "属于听证范围的，告知听证权利；当事人要求的，组织听证并制作笔录（第六十三条至第六十五条）",
            (
                "Where the kind of penalty allows one: the right was told, and at the party's request a hearing was held"
                " and recorded (arts 63–65)"
            ),
        ),
        Formality.DISCUSSION: (
            "负责人审查调查结果；情节复杂或者重大违法行为，由负责人集体讨论决定",
            "The head examines what was found; complex or grave matters are discussed collectively",
        ),
        Formality.CONTENTS: (
            "当事人、事实和证据、种类和依据、履行方式和期限、救济途径和期限、机关名称和日期、印章",
            (
                "Party, facts and evidence, kind and basis, how and by when to perform, remedies and periods, agency and"
                " date, seal"
            ),
        ),
        Formality.TERM: (
            "自立案之日起九十日内作出；法律、法规、规章另有规定的，从其规定",
            "Within ninety days of filing, unless another law says otherwise",
        ),
        Formality.SERVICE: (
            "宣告后当场交付；当事人不在场的，七日内依照民事诉讼法的有关规定送达",
            "Handed over at once; where the party is absent, within seven working days by the rules of civil procedure",
        ),
    },
)
"""What the law says of each, beside its line."""


def formality_law(formality: Formality) -> Words:
    """Return what the law says of a duty."""
    return FORMALITY_LAW[formality]


DECISION_OUTCOMES = vocabulary(
    DecisionOutcome,
    {
        DecisionOutcome.PENALTY: ("给予行政处罚", "Penalty"),
        DecisionOutcome.MINOR: ("不予行政处罚（违法行为轻微）", "No penalty: the act is minor"),
        DecisionOutcome.NO_FACTS: ("不予行政处罚（违法事实不能成立）", "No penalty: the facts do not stand"),
        DecisionOutcome.TRANSFER: ("移送司法机关", "Transferred to the judicial authorities"),
    },
)

PENALTY_KINDS = vocabulary(
    PenaltyKind,
    {
        PenaltyKind.WARNING: ("警告", "Warning"),
        PenaltyKind.CRITICISM: ("通报批评", "Notice of criticism"),
        PenaltyKind.FINE: ("罚款", "Fine"),
        PenaltyKind.GAINS: ("没收违法所得", "Unlawful gains confiscated"),
        PenaltyKind.GOODS: ("没收非法财物", "Unlawful goods confiscated"),
        PenaltyKind.LICENCE_SUSPENDED: ("暂扣许可证件", "Licence withheld"),
        PenaltyKind.GRADE_LOWERED: ("降低资质等级", "Grade of qualification lowered"),
        PenaltyKind.LICENCE_REVOKED: ("吊销许可证件", "Licence revoked"),
        PenaltyKind.BUSINESS_LIMITED: ("限制开展生产经营活动", "Business restricted"),
        PenaltyKind.BUSINESS_STOPPED: ("责令停产停业", "Business ordered to stop"),
        PenaltyKind.CLOSED_DOWN: ("责令关闭", "Ordered to close"),
        PenaltyKind.OCCUPATION_BARRED: ("限制从业", "Barred from the occupation"),
        PenaltyKind.DETENTION: ("行政拘留", "Administrative detention"),
        PenaltyKind.OTHER: ("法律、行政法规规定的其他行政处罚", "Another penalty of law or regulation"),
    },
)
