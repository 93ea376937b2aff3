"""What only the commands say: nobody meets these in an answer of the server."""

from schemas.errors import (
    Conflict,
    EvidenceError,
    IntegrityBroken,
    Invalid,
    Level,
    Refusal,
    Refused,
    Unavailable,
)
from schemas.next_steps import OPERATOR, OTHER_PLACE

SERVER_UNREACHABLE = Refusal(
    "server-unreachable",
    Unavailable,
    Level.INFO,
    "服务器没有应答",
    "The server does not answer",
    "检查网络和地址，再次运行同一命令即从断点继续",
    "check network and address; the same command goes on where it stopped",
)
SERVER_ADDRESS = Refusal(
    "server-address",
    Invalid,
    Level.INFO,
    "服务器地址无效",
    "Not the address of a server",
    "地址应形如 http://主机:端口",
    "give it like http://host:port",
)
ANSWER_FOREIGN = Refusal(
    "answer-foreign",
    Unavailable,
    Level.INFO,
    "应答的不是全程服务器",
    "Something else than a Quancheng server answers",
    "检查地址；经门户上网的，先登录门户",
    "check the address; behind a portal, log in there first",
)
ANSWER_UNKNOWN = Refusal(
    "answer-unknown",
    EvidenceError,
    Level.INFO,
    "服务器拒绝了请求",
    "The server refused",
    "按服务器所述处理",
    "do what the server says",
)
_SHOW_PROMISE = (
    "保留该文件，另寻途径告知监督机关；设备照常使用",
    "keep the file and show it to the supervisor by another way; the device goes on",
)
PROMISE_BROKEN = Refusal(
    "promise-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "承诺未兑现：服务器签署过的存证记录不在日志中",
    "A promise was broken: the log does not have an entry that the server signed for",
    *_SHOW_PROMISE,
)
PROMISE_INVALID = Refusal(
    "promise-invalid",
    IntegrityBroken,
    Level.CRITICAL,
    "承诺无效：不是日志所公布的密钥签署的",
    "A promise is none: it is not signed by the key that the log names",
    *_SHOW_PROMISE,
)
PROMISE_LATE = Refusal(
    "promise-late",
    IntegrityBroken,
    Level.CRITICAL,
    "承诺逾期：存证记录超过 24 小时仍未收入日志",
    "A promise is late: after 24 hours the log does not have the entry yet",
    "告知系统管理员；设备下次联系时再次查询",
    "tell the operator; the device asks again at its next contact",
)
LOGIN_MISSING = Refusal(
    "login-missing",
    Refused,
    Level.INFO,
    "没有说明以谁的身份登录",
    "Nothing says who asks",
    "给出登录名和密码文件",
    "give a login and a password file",
)
PASSWORD_FILE_INVALID = Refusal(
    "password-file-invalid",
    Invalid,
    Level.INFO,
    "密码文件不是 UTF-8 文本",
    "The password file is not UTF-8 text",
    *OTHER_PLACE,
)
EXPORT_FAILED = Refusal(
    "export-failed",
    Conflict,
    Level.INFO,
    "服务器没有生成导出包",
    "The server could not build the package",
    *OPERATOR,
)
OUTPUT_UNUSABLE = Refusal(
    "output-unusable", Invalid, Level.INFO, "不能写入输出文件", "The output cannot be written", *OTHER_PLACE
)
NOT_ENROLLED = Refusal(
    "not-enrolled",
    Conflict,
    Level.INFO,
    "设备尚未登记",
    "The device is not enrolled",
    "向保管员索取注册码，用 --enrol 登记",
    "ask the custodian for a code and give it with --enrol",
)
NOT_IDENTIFIED = Refusal(
    "not-identified",
    Conflict,
    Level.INFO,
    "设备尚未出示密钥",
    "The device has not identified itself",
    *OPERATOR,
)
NOT_VERIFIED_YET = Refusal(
    "not-verified-yet",
    Unavailable,
    Level.INFO,
    "已收到，尚未核验",
    "Received, but not yet verified",
    "稍后查看核验结果",
    "look for the verdict later",
)
NOT_TRIED = Refusal(
    "not-tried",
    Unavailable,
    Level.INFO,
    "尚未处理",
    "Not tried yet",
    "再次运行同一命令",
    "run the same command again",
)
DEVICE_BUSY = Refusal(
    "device-busy",
    Conflict,
    Level.INFO,
    "另一个 record 正在使用此设备",
    "Another recording is running on this device",
    "等它结束后重试",
    "wait for its end and run it again",
)
DEVICE_MEMORY_DAMAGED = Refusal(
    "device-memory-damaged",
    Conflict,
    Level.INFO,
    "设备的记忆已损坏",
    "The device's memory is damaged",
    "勿用旧备份恢复；用新的注册码在空文件夹重新登记",
    "restore no old copy; enrol anew with a new code in an empty folder",
)
DEVICE_STATE_MISSING = Refusal(
    "device-state-missing",
    Invalid,
    Level.INFO,
    "设备的记忆在使用中被清空",
    "The device's memory was emptied while in use",
    "用新的注册码重新登记",
    "enrol anew with a new code",
)
PLACE_INVALID = Refusal(
    "place-invalid",
    Invalid,
    Level.INFO,
    "位置无效",
    "Not a place",
    "写作“纬度,经度”（WGS 84，度）",
    "give LAT,LON in degrees (WGS 84)",
)
FILE_CHANGED = Refusal(
    "file-changed",
    Invalid,
    Level.INFO,
    "文件在发送时被修改",
    "The file changed while it was sent",
    *OTHER_PLACE,
)
FILE_NOT_REGULAR = Refusal(
    "file-not-regular", Invalid, Level.INFO, "不是普通文件", "Not a regular file", *OTHER_PLACE
)
FILE_UNREADABLE = Refusal(
    "file-unreadable", Invalid, Level.INFO, "文件无法读取", "The file cannot be read", *OTHER_PLACE
)
CLAIM_INVALID = Refusal(
    "claim-invalid",
    Invalid,
    Level.INFO,
    "内容不合规则",
    "A value breaks a rule",
    "检查参数后重新运行",
    "check the arguments and run it again",
)
INTERRUPTED = Refusal(
    "interrupted",
    EvidenceError,
    Level.DEBUG,
    "已中断",
    "Interrupted",
    "再次运行同一命令即从断点继续",
    "run the same command to go on",
)
TRUST_INVALID = Refusal(
    "trust-invalid",
    Invalid,
    Level.INFO,
    "信任文件无效",
    "Not a trust file",
    "从包以外的途径重新取得信任文件",
    "get the trust file again, apart from the package",
)
SETTING_UNREADABLE = Refusal(
    "setting-unreadable",
    Invalid,
    Level.INFO,
    "设置无法读取",
    "A setting cannot be read",
    "检查环境变量和 .env 文件",
    "check the environment and the .env file",
)
HOME_UNUSABLE = Refusal(
    "home-unusable",
    Unavailable,
    Level.INFO,
    "数据目录不可用",
    "The data folder cannot be used",
    "设置 QUANCHENG_HOME",
    "set QUANCHENG_HOME",
)
DATA_MISSING = Refusal(
    "data-missing",
    Unavailable,
    Level.INFO,
    "这里没有数据",
    "There is no data here",
    "设置 QUANCHENG_HOME 或 DATABASE_URL",
    "set QUANCHENG_HOME or DATABASE_URL",
)
AUTHORITY_NAMES = Refusal(
    "authority-names",
    Invalid,
    Level.INFO,
    "自建证书机构须有确定的名称",
    "An authority of our own needs names",
    "在 API_HOSTS 中逐个列出名称和地址",
    "list names and addresses in API_HOSTS",
)
AUTHORITY_UNREADABLE = Refusal(
    "authority-unreadable",
    Unavailable,
    Level.INFO,
    "证书文件无法读取",
    "A certificate cannot be read",
    "从备份恢复，或删除其目录以新建证书机构并在手机上重新安装",
    "restore it, or remove its folder for a new authority, to be installed anew on phones",
)
AUTHORITY_FILE_INVALID = Refusal(
    "authority-file-invalid",
    Invalid,
    Level.INFO,
    "证书机构文件无效",
    "Not a file of an authority's certificate",
    "用 --authority 给出 PEM 格式的证书",
    "give a certificate in PEM by --authority",
)
SIGNER_ENDED = Refusal(
    "signer-ended",
    Unavailable,
    Level.ERROR,
    "签署进程已结束",
    "The signer has ended",
    "查看日志后重新启动",
    "look at the log and start again",
)
POSTGRES_MISSING = Refusal(
    "postgres-missing",
    Unavailable,
    Level.INFO,
    "没有内置的 PostgreSQL",
    "The embedded PostgreSQL is not installed",
    "运行 make run，或设置 DATABASE_URL",
    "run `make run`, or set DATABASE_URL",
)
KEYS_BUSY = Refusal(
    "keys-busy",
    Invalid,
    Level.INFO,
    "密钥仍在使用",
    "The keys are in use",
    "停止全部进程后再次运行",
    "stop every process and run it again",
)
TWO_PERSONS = Refusal(
    "two-persons",
    Invalid,
    Level.INFO,
    "须由两名负责人或管理员批准",
    "Two heads or administrators approve",
    "用 --by 写明两人的登录名",
    "name both by --by, as they log in",
)
KEY_NOT_ALIVE = Refusal(
    "key-not-alive",
    Invalid,
    Level.INFO,
    "日志中没有这个在用的密钥",
    "No such key is in force",
    "用 quancheng keys show 查看",
    "see `quancheng keys show`",
)
KEY_MISSING = Refusal("key-missing", Invalid, Level.INFO, "缺少密钥", "A key is missing", *OTHER_PLACE)
BROKER_UNAVAILABLE = Refusal(
    "broker-unavailable",
    Unavailable,
    Level.WARNING,
    "任务队列没有应答",
    "The broker does not answer",
    *OPERATOR,
)
MIGRATION_URL_MISSING = Refusal(
    "migration-url-missing",
    Unavailable,
    Level.ERROR,
    "须以数据库属主角色进行",
    "This is for the role that owns the tables",
    "在 MIGRATION_DATABASE_URL 中给出属主角色后再次运行",
    "give that role in MIGRATION_DATABASE_URL and run it again",
)
APPLICATION_ROLE_MISSING = Refusal(
    "application-role-missing",
    Unavailable,
    Level.ERROR,
    "数据库中没有应用角色",
    "The application's role is missing in the database",
    "在数据库中创建该角色后再次迁移",
    "make the role in the database, then migrate again",
)
