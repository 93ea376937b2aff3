"""What a case gives away to the person who reviews it."""

from schemas.checks.rows import mismatch, not_checked, remark
from schemas.integrity import Check, Severity
from schemas.words import Words

REVIEWER = Check(
    name="reviewer",
    version=1,
    title=Words("审核人员回避", "Reviewer took no part"),
    proves=Words(
        "审核人员未参与本案的采集或办理。",
        "The reviewer took no part in capture or handling.",
    ),
    leaves=Words(
        "不说明没有其他利害关系。",
        "Not that there is no other interest.",
    ),
    findings=(
        mismatch(
            "reviewer-took-part",
            zh="您参与了本案（{parts}），不能审核本案。",
            en="You took part in this case ({parts}), so you cannot review it.",
            then=(
                "请由未参与本案的法制审核人员审核（行政处罚法第五十八条）。",
                "Leave it to a legal reviewer who took no part (Administrative Penalty Law, art. 58).",
            ),
        ),
    ),
)

EVIDENCE = Check(
    name="evidence",
    version=1,
    title=Words("案件证据", "Evidence of the case"),
    proves=Words(
        "本案至少关联一份音像记录或非现场监管记录。",
        "At least one recording or monitoring record is linked to the case.",
    ),
    leaves=Words(
        "不说明证据充分。",
        "Not that the evidence suffices.",
    ),
    findings=(
        not_checked(
            "case-without-evidence",
            zh="本案没有关联任何音像记录或非现场监管记录。",
            en="No recording and no monitoring record is linked to the case.",
            then=("请承办人关联证据。", "Let the handler link the evidence."),
            severity=Severity.WARN,
        ),
    ),
)

LINKED_IN_TIME = Check(
    name="linked_in_time",
    version=1,
    title=Words("关联时间", "Time of the link"),
    proves=Words(
        "证据在提交审核之前已关联到本案。",
        "The evidence was linked before the case was submitted.",
    ),
    leaves=Words(
        "不说明审核人员看过它。",
        "Not that the reviewer looked at it.",
    ),
    findings=(
        remark(
            "evidence-after-decision",
            zh="这份证据在作出行政处罚决定之后才关联到本案，不是决定的依据。",
            en="This evidence was linked after the decision, which does not rest on it.",
            then=("如影响决定，请按监督程序处理。", "If it bears on the decision, take it to supervision."),
            severity=Severity.WARN,
        ),
        remark(
            "evidence-after-submission",
            zh="这份证据在提交审核之后才关联到本案。",
            en="This evidence was linked to the case after it had been submitted.",
            then=("请确认审核时是否已看过它。", "Make sure that the opinion takes it into account."),
            severity=Severity.WARN,
        ),
    ),
)

CONCLUDED = Check(
    name="concluded",
    version=1,
    title=Words("核验结论", "Conclusion"),
    proves=Words(
        "记录已核验完毕。",
        "The recording's verification has come to a result.",
    ),
    leaves=Words(
        "不说明结论为何。",
        "Not what the result is.",
    ),
    findings=(
        not_checked(
            "recording-not-verified-yet",
            zh="记录尚在核验，结论未定。",
            en="The recording is still being verified; nothing is certain yet.",
            then=("等待核验结束再给出意见。", "Wait until it is verified before giving an opinion."),
            severity=Severity.WARN,
        ),
    ),
)

GATE = Check(
    name="gate",
    version=1,
    title=Words("设备条件", "Equipment's gate"),
    proves=Words(
        "采集时设备已审核并公布（行政处罚法第四十一条），须经检定的，检定有效（计量法第九条）。",
        "At the capture the equipment was reviewed and published (Administrative Penalty Law, art. 41), and certified where"
        " its kind needs it (Metrology Law, art. 9).",
    ),
    leaves=Words(
        "不说明设备当时运行正常。",
        "Not that the equipment worked well at that moment.",
    ),
    findings=(
        mismatch(
            "gate-uncertified",
            zh="采集时没有有效的检定证书，设备属于须经检定的种类，依计量法第九条不得作为证据。",
            en="No verification certificate was in force at the capture, and equipment of this kind needs one: no evidence"
            " (Metrology Law, art. 9).",
            then=("请解除该非现场监管记录与本案的关联。", "Unlink the monitoring record from the case."),
        ),
        mismatch(
            "gate-closed",
            zh="采集时设备不符合条件（{faults}），依行政处罚法第四十一条不得作为证据（检定依计量法第九条）。",
            en="When it was captured the equipment's gate was closed ({faults}): no evidence"
            " (Administrative Penalty Law, art. 41; for a certificate Metrology Law, art. 9).",
            then=("请解除该非现场监管记录与本案的关联。", "Unlink the monitoring record from the case."),
        ),
        remark(
            "gate-recorded-later",
            zh="设备的检定、审核或公布日期早于采集，但在采集之后才录入。",
            en="The equipment's certificate, review or publication is dated before the capture but was entered after it.",
            then=("请核对原件上的日期。", "Check the dates on the originals."),
            severity=Severity.WARN,
        ),
    ),
)

REOPENED = Check(
    name="reopened",
    version=1,
    title=Words("记录的审核", "Review of the record"),
    proves=Words(
        "所依据的非现场监管记录，没有因检定证书撤销而须重新审核。",
        "No monitoring record of the case has to be judged anew because a certificate was annulled.",
    ),
    leaves=Words(
        "不说明其他资格事实没有变化。",
        "Not that no other fact of the equipment changed.",
    ),
    findings=(
        mismatch(
            "record-to-recheck",
            zh="设备的检定证书已撤销，这条记录须由两人重新审核，重新认定有效之前不得作为证据（计量法第九条）。",
            en="The certificate of the equipment was annulled: both reviewers judge this record anew, and until they"
            " find it valid again it is no evidence (Metrology Law, art. 9).",
            then=(
                "请两名审核人重新审核该记录，或由承办人解除关联；已作决定的，由行政机关负责人处理。",
                "Let both reviewers judge it anew, or the handler unlink it; a decided case is for the head to settle.",
            ),
        ),
        mismatch(
            "record-found-invalid",
            zh="这条记录重新审核后无效，不得作为证据。",
            en="Judged anew, this record was found invalid: it is no evidence.",
            then=(
                "请承办人解除关联；已作决定的，由行政机关负责人处理。",
                "Let the handler unlink it; a decided case is for the head to settle.",
            ),
        ),
    ),
)

PROOF = Check(
    name="proof",
    version=2,
    title=Words("待证事实的证据", "Evidence of a fact"),
    proves=Words(
        "每项待证事实至少有一份证据核验通过，或由非现场监管两级审核认定有效。",
        "For every fact to be proven one piece of evidence at least is verified, or found valid by both reviewers.",
    ),
    leaves=Words(
        "不说明事实已经清楚。",
        "Not that the fact is established.",
    ),
    findings=(
        mismatch(
            "fact-without-evidence",
            zh="这项待证事实没有核验通过的证据，也没有人采信（行政处罚法第四十条、第四十六条）。",
            en="No evidence of this fact is verified, and nobody accepted any (Administrative Penalty Law, arts. 40, 46).",
            then=(
                "请承办人补充证据、写明理由采信已有证据，或撤回该待证事实。",
                "Let the handler add evidence, accept what there is and say why, or withdraw the fact.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "fact-by-acceptance",
            zh="这项待证事实只有人工采信的证据（{accepted} 份），没有核验通过的证据。",
            en="This fact rests on evidence that somebody accepted ({accepted}); none of it is verified.",
            then=(
                "请审核采信的理由是否成立（行政处罚法第四十六条）。",
                "Judge whether the reasons hold (Administrative Penalty Law, art. 46).",
            ),
            severity=Severity.WARN,
        ),
    ),
)


PRESENCE = Check(
    name="presence",
    version=1,
    title=Words("执法人员在场", "Officers were there"),
    proves=Words(
        "至少两名执法人员本人确认在场，或清单援引的例外条款列在本单位的清单上。",
        "Two officers or more confirmed in person that they were there, or the article cited is one that the agency lists.",
    ),
    leaves=Words(
        "不说明他们的证件有效，见执法人员一项。",
        "Not that their certificates were valid; the check of officers says that.",
    ),
    findings=(
        mismatch(
            "presence-denied",
            zh="写明的人员中有 {denied} 人本人否认在场。",
            en="{denied} of the people named deny that they were there.",
            then=(
                "请查明清单为何写明此人；封存的内容不变，由行政机关负责人处理（行政处罚法第四十二条）。",
                "Find out why the capture names them; what was sealed stays, the head settles it (APL art. 42).",
            ),
        ),
        not_checked(
            "presence-not-confirmed",
            zh="写明的人员只是写明：{confirmed} 人本人确认在场，{named} 人尚未回答。",
            en="Named, not confirmed: {confirmed} confirmed in person, {named} have not answered.",
            then=(
                "请提醒写明的人员登录后回答是否在场。",
                "Remind the people named to log in and say whether they were there.",
            ),
            severity=Severity.WARN,
        ),
        not_checked(
            "presence-article-unlisted",
            zh="执法人员少于两人，援引的条款（{article}）不在本单位的例外清单上。",
            en="Fewer than two officers, and the article cited ({article}) is not one that the agency lists.",
            then=(
                "请核对该条款是否允许一人执法；允许的，由运维人员列入例外清单。",
                "Check whether that article allows one officer; if it does, let the operator list it.",
            ),
            severity=Severity.WARN,
        ),
    ),
)


REVIEW = (
    REVIEWER,
    EVIDENCE,
    LINKED_IN_TIME,
    CONCLUDED,
    GATE,
    REOPENED,
    PROOF,
    PRESENCE,
)
