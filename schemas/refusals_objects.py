"""The object store and the database under it."""

from schemas.errors import (
    Conflict,
    Gone,
    IntegrityBroken,
    Invalid,
    Level,
    NotFound,
    Refusal,
    StorageFull,
    StoredAltered,
    Unavailable,
)
from schemas.next_steps import LATER, NOTHING, OPERATOR, UPLOAD_ANEW

OBJECT_NOT_FOUND = Refusal(
    "object-not-found", NotFound, Level.ERROR, "没有这个对象", "No such object", *OPERATOR
)
OBJECT_EXISTS = Refusal(
    "object-exists", Conflict, Level.ERROR, "对象已存在且内容不同", "The object holds other bytes", *OPERATOR
)
OBJECT_KEY_INVALID = Refusal(
    "object-key-invalid", Invalid, Level.ERROR, "对象键无效", "The object key is invalid", *OPERATOR
)
OBJECT_LOCKED = Refusal("object-locked", Conflict, Level.INFO, "对象已锁定", "The object is locked", *NOTHING)
RETENTION_SHORTEN = Refusal(
    "retention-shorten", Conflict, Level.INFO, "保管期只能延长", "A lock is never shortened", *NOTHING
)
OBJECT_BROKEN = Refusal(
    "object-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "证据对象与记录不一致",
    "A stored object differs from its record",
    *OPERATOR,
)
OBJECTS_DAMAGED = Refusal(
    "objects-damaged",
    IntegrityBroken,
    Level.CRITICAL,
    "证据存储的内容已损坏",
    "The stored object is damaged",
    *OPERATOR,
)
OBJECTS_UNAVAILABLE = Refusal(
    "objects-unavailable",
    Unavailable,
    Level.ERROR,
    "证据存储没有应答",
    "The object store does not answer",
    *LATER,
)
OBJECTS_DENIED = Refusal(
    "objects-denied", Unavailable, Level.ERROR, "证据存储拒绝了请求", "The object store refused", *OPERATOR
)
OBJECTS_REFUSED = Refusal(
    "objects-refused",
    Unavailable,
    Level.ERROR,
    "证据存储不接受该请求",
    "The object store does not take this request",
    *OPERATOR,
)
OBJECTS_ANOTHER = Refusal(
    "objects-another",
    Unavailable,
    Level.ERROR,
    "证据存储里没有本系统保存过的任何记录，可能连接了另一个存储桶或文件夹；核验已暂停，记录原样等待",
    "The store holds nothing that was kept: it may be another bucket or folder. Nothing is judged meanwhile",
    "核对证据存储的地址和桶名，改正后核验会自行继续",
    "check address and bucket of the store; once they are right, verification goes on by itself",
)
OBJECTS_UNVERSIONED = Refusal(
    "objects-unversioned",
    Unavailable,
    Level.ERROR,
    "证据存储未开启版本",
    "The object store has no versions",
    *OPERATOR,
)
OBJECT_VERSION_UNREADABLE = Refusal(
    "object-version-unreadable",
    Unavailable,
    Level.ERROR,
    "证据存储给出的版本号无法记录",
    "The object store names a version in a way that cannot be recorded",
    *OPERATOR,
)
PARTS_UNKNOWN = Refusal(
    "parts-unknown", Gone, Level.INFO, "分段上传已不存在", "The multipart upload is gone", *UPLOAD_ANEW
)
PARTS_DIFFER = Refusal("parts-differ", Conflict, Level.ERROR, "分段不一致", "The parts differ", *OPERATOR)
PARTS_DISORDERED = Refusal(
    "parts-disordered",
    IntegrityBroken,
    Level.CRITICAL,
    "分段不能按序连成文件",
    "The parts do not follow each other",
    *OPERATOR,
)
STORAGE_FULL = Refusal("storage-full", StorageFull, Level.WARNING, "存储空间不足", "No room is left", *LATER)
DATABASE_UNAVAILABLE = Refusal(
    "database-unavailable", Unavailable, Level.ERROR, "数据库没有应答", "The database does not answer", *LATER
)
DATABASE_READ_ONLY = Refusal(
    "database-read-only",
    Unavailable,
    Level.ERROR,
    "数据库暂不接受写入",
    "The database takes nothing now",
    *LATER,
)
OBJECT_MISSING = Refusal(
    "object-missing",
    IntegrityBroken,
    Level.CRITICAL,
    "记录所指的证据对象不在存储中",
    "An object that was recorded is not in the store",
    *OPERATOR,
)
CONTENT_ALTERED = Refusal(
    "content-altered",
    StoredAltered,
    Level.CRITICAL,
    "存储中的内容与登记的不一致，已拒绝提供",
    "What the store holds is not what was recorded: it is not given out",
    "不要据此办案；问题已登记，请联系系统管理员从备份中恢复该文件，并报上编号",
    "do not rely on it; it has been noted: have the operator restore the file from a copy, and tell the reference",
)
CONTENT_MISSING = Refusal(
    "content-missing",
    StoredAltered,
    Level.CRITICAL,
    "登记的内容不在存储中，无法提供",
    "What was recorded is not in the store and cannot be given",
    "问题已登记，请联系系统管理员从备份中恢复该文件，并报上编号",
    "it has been noted: have the operator restore the file from a copy, and tell the reference",
)
