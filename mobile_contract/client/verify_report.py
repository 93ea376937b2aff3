"""Claims about a package, each with its outcome, and what no package can prove."""

from collections.abc import Iterable
from typing import Any

from schemas.base import Frozen
from schemas.integrity import Outcome

CLAIMS: dict[str, tuple[str, str]] = {
    "container": ("容器逐字节规范", "the container is canonical, byte for byte"),
    "file": ("文件字节与摘要一致", "the file's bytes are those of its digest"),
    "bag": ("清单完整，无多无少", "the bag lists every file, none more and none less"),
    "index": ("索引可读且与文件一致", "the index is readable and names every file"),
    "package_signature": ("包由出具方密钥签名", "the package is signed by the export key"),
    "checkpoint_signature": ("检查点由日志密钥签名", "the checkpoint is signed by the log's key"),
    "log_inclusion": ("条目在已签名的日志中", "the custody entry is in the signed log"),
    "recording_digest": ("原件与索引中的摘要一致", "the recording's bytes are those the index states"),
    "recording_logged": ("原件与保管日志一致", "the recording is what the custody log says"),
    "derivative": ("派生件出自该原件", "the derivative is of this recording"),
    "manifest_agrees": ("设备清单列有该文件", "the capture manifest lists this file"),
    "manifest_signature": ("设备清单由设备签名", "the capture manifest is signed by the device"),
    "device_key": ("设备密钥已登记", "the device key is registered"),
    "intake_logged": ("监控数据批次已入日志", "the batch of monitoring rows is in the log"),
    "intake_signature": ("监控数据批次由登记机构签名", "the batch is signed by the registry"),
    "record_row": ("监控记录行在已签名的批次中", "the monitoring row is in its signed batch"),
    "record_media": ("监控图像是该行所指的图像", "the record's media are those its row names"),
    "record_reviewed": (
        "监控记录经两人审核有效后关联",
        "two people found the record valid before it was tied",
    ),
    "review_logged": ("法制审核各轮与日志一致", "each round of legal review is what the log says"),
    "fact_logged": ("待证事实及其证据与日志一致", "each fact and its evidence are what the log says"),
    "desks_complete": ("监控记录、审核轮次、解除的关联齐全", "no record, round or ended tie is left out"),
    "completeness": ("日志所载的关联原件齐全", "every recording the log ties to the case is here"),
}
"""Claim → what it says when it is verified, in Chinese and English."""

REASONS: dict[str, tuple[str, str]] = {
    "no-trust-anchor": ("没有信任文件", "no trust anchor: give --trust"),
    "container-broken": ("容器被改动或截断", "the container was changed or cut off"),
    "crc-differs": ("内容与容器中的 CRC 不符", "the content differs from its CRC-32"),
    "digest-differs": ("内容与清单摘要不符", "the content differs from its listed digest"),
    "file-not-listed": ("文件不在清单中", "the file is not listed"),
    "file-missing": ("清单所列文件缺失", "a listed file is missing"),
    "bag-malformed": ("清单文件格式不符", "a bag file is malformed"),
    "oxum-differs": ("文件数或字节数不符", "the count of files or bytes differs"),
    "index-invalid": ("索引不可读", "the index cannot be read"),
    "entries-invalid": ("日志条目不可读", "the custody entries cannot be read"),
    "leaf-invalid": ("条目字节不是保管日志条目", "the bytes are not a custody entry"),
    "layout-differs": ("文件与索引所述不一致", "files and index disagree"),
    "note-differs": ("签名文本与本包不符", "the signed text is of another package"),
    "signature-invalid": ("签名不成立", "the signature does not verify"),
    "note-malformed": ("签名文件格式不符", "the signed note is malformed"),
    "checkpoint-malformed": ("检查点或证明格式不符", "checkpoint or proof is malformed"),
    "checkpoint-differs": ("证明基于另一个检查点", "the proof rests on another checkpoint"),
    "proof-invalid": ("包含证明不成立", "the inclusion proof does not hold"),
    "proof-missing": ("缺少包含证明", "the proof of inclusion is missing"),
    "leaf-missing": ("日志中没有相应条目", "the log holds no such entry for it"),
    "leaf-differs": ("与日志条目所述不一致", "it differs from what the custody entry says"),
    "not-verified-yet": ("服务器尚未核验该原件", "the server had not yet verified this recording"),
    "manifest-absent": ("没有设备清单", "no capture manifest"),
    "manifest-refused": ("设备清单曾被服务器拒收", "the server refused the capture manifest"),
    "manifest-invalid": ("设备清单违反格式规则", "the capture manifest breaks its rules"),
    "manifest-digest-differs": ("设备清单不是日志所载的那份", "the manifest is not the one that was logged"),
    "file-not-in-manifest": ("清单未列此文件或摘要不同", "the manifest does not list these bytes"),
    "manifest-facts-differ": ("索引与清单所述不一致", "index and manifest state different facts"),
    "key-absent": ("包内没有该设备密钥", "the device key is not in the package"),
    "key-malformed": ("设备密钥文件格式不符", "the key file is malformed"),
    "key-differs": ("密钥不属于该设备", "the key belongs to another device"),
    "device-key-revoked": ("声明之前密钥已吊销", "the key was revoked before the declaration"),
    "recording-omitted": ("日志关联的原件未随包提供", "a recording tied to the case is left out"),
    "recording-not-linked": ("原件未在日志中关联本案", "a recording is not tied to the case in the log"),
    "recording-doubled": ("同一原件出现两次", "a recording is listed twice"),
    "case-not-logged": ("日志中没有立案条目", "the log holds no entry of the case's opening"),
    "row-differs": ("数据行与索引所述不一致", "the row states something else than the index"),
    "media-differs": ("图像不是数据行所指的图像", "a picture is not the one the row names"),
    "order-differs": ("日志中的次序或人数不符", "the log shows another order, or one person twice"),
    "not-found-valid": ("没有两人的有效意见", "two opinions of valid are missing"),
    "intake-invalid": ("批次清单不可读", "the intake manifest cannot be read"),
    "record-omitted": ("日志关联的监控记录未随包提供", "a monitoring record tied to the case is left out"),
    "round-omitted": ("日志所载的审核轮次未随包提供", "a round of legal review is left out"),
    "fact-omitted": ("日志所载的待证事实未随包提供", "a fact to be proven is left out"),
    "desks-omitted": (
        "日志载有监控、审核或事实，包中却没有",
        "the log speaks of desks the package leaves out",
    ),
    "stands-twice": ("同一项重复列出", "the same thing is listed twice"),
    "tie-omitted": ("日志所载的解除关联未随包提供", "an ended tie is left out"),
    "not-reached": ("前一步未通过", "an earlier step failed"),
}
"""Reason code → why a claim did not hold or was not checked."""

NOT_PROVEN: tuple[tuple[str, str, str], ...] = (
    ("scene", "现场是真实的", "that the scene was real"),
    ("officer", "执法人员如实陈述", "that the officers told the truth"),
    ("clock", "首次联系服务器之前设备时钟准确", "that the device's clock was right before first contact"),
    (
        "untrusted_time",
        "外部时间：没有第三方时间戳，时间是出具方的声明",
        "outside time: no third party stamped it; times are the operator's own statement",
    ),
    (
        "witnesses",
        "日志对所有人相同：没有外部见证人",
        "that everybody sees the same log: no witness has cosigned it",
    ),
    (
        "statements",
        "案件的当事人、事由、地点等文字，以及设备名称与设备登记缺陷：日志中没有，仅由出具方密钥声明",
        (
            "the case's texts (party, matter, place), and what the register said of equipment (name, gate faults): "
            "they are not in the log, only the export key states them"
        ),
    ),
    (
        "completeness",
        "日志中没有未随包提供的其他条目",
        "that the log holds no further entry about the case than those carried",
    ),
)
"""Slug, Chinese, English. Printed with every report, whatever its outcome."""


class Claim(Frozen):
    """One claim. `subject` is a file name, an id, or `container`; `code` says why it is not verified."""

    claim: str
    subject: str
    outcome: Outcome
    code: str = ""
    is_required: bool = True
    detail: str = ""

    @property
    def texts(self) -> tuple[str, str]:
        """What to tell a person, in Chinese and English."""
        return REASONS[self.code] if self.code in REASONS else CLAIMS[self.claim]

    def to_json(self) -> dict[str, Any]:
        """Return the members of one line of `--json`."""
        zh, en = self.texts
        return {**self.model_dump(mode="json"), "zh": zh, "en": en}


class Listed(Frozen):
    """A recording as the package names it: what it is called, and what the server concluded."""

    id: str
    filename: str
    state: str
    verdict: str


class Report(Frozen):
    """Every claim about one package."""

    claims: tuple[Claim, ...]
    is_anchored: bool
    recordings: tuple[Listed, ...] = ()

    @property
    def holds(self) -> bool:
        """Say whether every required claim was verified; a report that requires nothing proves nothing."""
        required = [claim for claim in self.claims if claim.is_required]
        return bool(required) and all(claim.outcome is Outcome.VERIFIED for claim in required)

    def failed(self) -> tuple[Claim, ...]:
        """Return the required claims that were not verified."""
        return tuple(c for c in self.claims if c.is_required and c.outcome is not Outcome.VERIFIED)


class Ledger:
    """Collects claims. A claim of origin that holds is verified only under a trust anchor."""

    def __init__(self, *, is_anchored: bool) -> None:
        self._is_anchored = is_anchored
        self._claims: list[Claim] = []

    def hold(self, claim: str, subject: str, *, is_required: bool = True) -> None:
        """Enter a claim about the bytes that was verified."""
        self._enter(claim, subject, Outcome.VERIFIED, "", is_required=is_required)

    def hold_origin(self, claim: str, subject: str, *, is_required: bool = True) -> None:
        """Enter a claim of origin whose mathematics hold: without an anchor that proves nothing."""
        if self._is_anchored:
            self.hold(claim, subject, is_required=is_required)
        else:
            self.skip(claim, subject, "no-trust-anchor", is_required=False)

    def skip(self, claim: str, subject: str, code: str, *, is_required: bool = True) -> None:
        """Enter a claim that was not checked."""
        self._enter(claim, subject, Outcome.NOT_CHECKED, code, is_required=is_required)

    def fail(
        self, claim: str, subject: str, code: str, *, is_required: bool = True, detail: str = ""
    ) -> None:
        """Enter a claim that does not hold."""
        self._enter(claim, subject, Outcome.MISMATCH, code, is_required=is_required, detail=detail)

    def _enter(
        self, claim: str, subject: str, outcome: Outcome, code: str, *, is_required: bool, detail: str = ""
    ) -> None:
        self._claims.append(
            Claim(
                claim=claim,
                subject=subject,
                outcome=outcome,
                code=code,
                is_required=is_required,
                detail=detail,
            )
        )

    def report(self, recordings: Iterable[Listed] = ()) -> Report:
        """Return everything entered."""
        return Report(claims=tuple(self._claims), is_anchored=self._is_anchored, recordings=tuple(recordings))
