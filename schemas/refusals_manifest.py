"""Capture manifests, digests and signatures."""

from schemas.errors import (
    DigestMismatch,
    IntegrityBroken,
    Invalid,
    Level,
    ManifestInvalid,
    Refusal,
    SignatureInvalid,
    TooLarge,
)
from schemas.next_steps import KEPT, OPERATOR, RESEND

MANIFEST_INVALID = Refusal(
    "manifest-invalid", ManifestInvalid, Level.INFO, "采集清单不符合规则", "The manifest breaks a rule", *KEPT
)
MANIFEST_TOO_LARGE = Refusal(
    "manifest-too-large",
    TooLarge,
    Level.INFO,
    "采集清单超过 64 KiB",
    "The manifest is over 64 KiB",
    "拆分后重新签名",
    "split it and sign again",
)
MANIFEST_NOT_JSON = Refusal(
    "manifest-not-json", ManifestInvalid, Level.INFO, "采集清单不是 JSON", "The manifest is not JSON", *KEPT
)
MANIFEST_DUPLICATE_KEY = Refusal(
    "manifest-duplicate-key",
    ManifestInvalid,
    Level.INFO,
    "采集清单有重复的键",
    "A key stands twice in the manifest",
    *KEPT,
)
MANIFEST_FLOAT = Refusal(
    "manifest-float", ManifestInvalid, Level.INFO, "采集清单含有小数", "The manifest holds a float", *KEPT
)
MANIFEST_NULL = Refusal(
    "manifest-null", ManifestInvalid, Level.INFO, "采集清单含有 null", "The manifest holds a null", *KEPT
)
MANIFEST_INTEGER_RANGE = Refusal(
    "manifest-integer-range",
    ManifestInvalid,
    Level.INFO,
    "采集清单整数过大",
    "An integer does not fit 53 bits",
    *KEPT,
)
MANIFEST_NOT_CANONICAL = Refusal(
    "manifest-not-canonical",
    ManifestInvalid,
    Level.INFO,
    "采集清单不是规范形式（RFC 8785）",
    "The manifest is not canonical (RFC 8785)",
    *KEPT,
)
MANIFEST_FIELD_MISSING = Refusal(
    "manifest-field-missing",
    ManifestInvalid,
    Level.INFO,
    "采集清单缺少字段",
    "A field of the manifest is missing",
    *KEPT,
)
MANIFEST_FIELD_UNKNOWN = Refusal(
    "manifest-field-unknown",
    ManifestInvalid,
    Level.INFO,
    "采集清单有未知字段",
    "The manifest has an unknown field",
    *KEPT,
)
MANIFEST_FIELD_INVALID = Refusal(
    "manifest-field-invalid",
    ManifestInvalid,
    Level.INFO,
    "采集清单字段值无效",
    "A field of the manifest is invalid",
    *KEPT,
)
MANIFEST_CRIT_UNKNOWN = Refusal(
    "manifest-crit-unknown",
    ManifestInvalid,
    Level.INFO,
    "采集清单含有不理解的必需扩展",
    "A critical extension is not understood",
    *KEPT,
)
MANIFEST_DEVICE_DIFFERS = Refusal(
    "manifest-device-differs",
    ManifestInvalid,
    Level.INFO,
    "采集清单的设备与密钥不符",
    "Device and key of the manifest differ",
    *KEPT,
)
MANIFEST_SIGNATURE_INVALID = Refusal(
    "manifest-signature-invalid",
    SignatureInvalid,
    Level.INFO,
    "采集清单签名无效",
    "The manifest's signature is invalid",
    *KEPT,
)
MANIFEST_SIGNATURE_TOO_LARGE = Refusal(
    "manifest-signature-too-large", TooLarge, Level.INFO, "签名过长", "The signature is too long", *RESEND
)
MANIFEST_REPLAYED = Refusal(
    "manifest-replayed",
    SignatureInvalid,
    Level.INFO,
    "采集清单属于其他设备",
    "The manifest is another device's",
    *KEPT,
)
DIGEST_MISMATCH = Refusal(
    "digest-mismatch",
    DigestMismatch,
    Level.INFO,
    "完整性校验值（哈希值）不符",
    "The digest does not match",
    *RESEND,
)
SIGNATURE_INVALID = Refusal(
    "signature-invalid", SignatureInvalid, Level.INFO, "签名无效", "The signature is invalid", *RESEND
)
KEY_MALFORMED = Refusal("key-malformed", Invalid, Level.INFO, "密钥格式错误", "The key is malformed", *RESEND)
MANIFEST_BROKEN = Refusal(
    "manifest-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "所存采集清单被改动",
    "A kept manifest was altered",
    *OPERATOR,
)
