"""What the doctor says of each part; `{blanks}` are filled with what was seen."""

from schemas.health import Health, HealthPart
from schemas.words import vocabulary

HEALTH_PARTS = vocabulary(
    HealthPart,
    {
        HealthPart.SM3: ("商用密码算法（SM3）", "SM3"),
        HealthPart.SANDBOX: ("解码沙箱", "sandbox of the decoders"),
        HealthPart.HOME: ("数据目录", "data folder"),
        HealthPart.TLS: ("加密连接（TLS）", "TLS"),
        HealthPart.SETTINGS: ("设置", "settings"),
        HealthPart.LOG_KEY: ("存证日志密钥", "key of the custody log"),
        HealthPart.REGISTRY_KEY: ("登记密钥", "key of the registers"),
        HealthPart.EXPORT_KEY: ("导出密钥", "key of exports"),
        HealthPart.PERSONAL_KEY: ("个人信息密钥", "key of personal data"),
        HealthPart.FACTOR_KEY: ("两步验证密钥", "key of second factors"),
        HealthPart.KEYS_APART: ("密钥分置", "keys apart"),
        HealthPart.CALENDAR: ("工作日历", "calendar"),
        HealthPart.BROKER: ("任务队列", "broker"),
        HealthPart.ADDRESSES: ("地址", "addresses"),
        HealthPart.DATABASE: ("数据库", "database"),
        HealthPart.SCHEMA: ("数据库结构", "schema of the database"),
        HealthPart.ROLE: ("数据库角色", "role in the database"),
        HealthPart.OBJECTS: ("证据存储", "evidence store"),
        HealthPart.WORKERS: ("核验程序", "workers"),
        HealthPart.SCHEDULER: ("调度程序", "scheduler"),
        HealthPart.JOBS: ("待办任务", "jobs that wait"),
        HealthPart.SEALING: ("收到后的核验", "verification of what arrived"),
        HealthPart.LOCKS: ("证据锁续期", "renewal of the locks of evidence"),
        HealthPart.SCRUB: ("存储巡检", "reading of stored bytes"),
        HealthPart.LOG: ("存证日志", "custody log"),
    },
)

HEALTH = vocabulary(
    Health,
    {
        Health.SM3_NATIVE: ("由系统 OpenSSL 计算", "computed by the system's OpenSSL"),
        Health.SM3_BUNDLED: (
            "由 cryptography 自带的 OpenSSL 计算（较慢）",
            "computed by the OpenSSL inside `cryptography` (slower)",
        ),
        Health.SANDBOX_HOLDS: ("有效：{layers}", "holds: {layers}"),
        Health.SANDBOX_ABSENT: (
            "无法建立（{missing}），内容一律不检查：请放行 seccomp 系统调用，并使用 x86-64 或 aarch64 的 Linux",
            "cannot be had ({missing}), no content is checked: allow seccomp, on Linux for x86-64 or aarch64",
        ),
        Health.DECODERS_MISSING: (
            "未安装 {names}，内容一律不检查：请按锁定的依赖重新安装（make setup）",
            "{names} is not installed, no content is checked: install what the lock names (make setup)",
        ),
        Health.HOME_READY: ("{path}，剩余空间 {free_gib} GiB", "{path}, {free_gib} GiB free"),
        Health.HOME_ABSENT: (
            "{path} 尚未建立，quancheng serve 会建立",
            "{path} is not there yet, `quancheng serve` makes it",
        ),
        Health.HOME_UNUSABLE: (
            "{path} 不可用：检查权限，或另设 QUANCHENG_HOME",
            "{path} cannot be used: check its permissions, or set QUANCHENG_HOME",
        ),
        Health.TLS_OWN: (
            "自建证书机构有效至 {until}，服务器证书至 {leaf_until}；SHA-256 {sha256}",
            "by an authority of our own until {until}, the server's certificate until {leaf_until}; SHA-256 {sha256}",
        ),
        Health.TLS_OWN_ENDS: (
            "自建证书机构 {until} 到期：重新启动会建立新的，须在每台设备上重新安装",
            "the authority of our own ends {until}: a new start makes another, to be installed on every device",
        ),
        Health.TLS_BEFORE: ("由前置代理承担：{url}", "spoken by the proxy before this server: {url}"),
        Health.TLS_ABSENT: (
            "没有，只有本机能访问；手机要用相机和密钥，须 serve --tls 或前置代理",
            "none, and only this machine reaches it; for phones: `serve --tls`, or a proxy",
        ),
        Health.TLS_OPEN: (
            "{url} 不经加密即可从其他机器访问，密码和证据在途中可被读取：用 serve --tls，或只在本机监听并前置代理",
            "{url} answers other machines without TLS, all can be read on its way: `serve --tls`, or a proxy",
        ),
        Health.SETTINGS_UNREADABLE: ("无法读取：{names}", "cannot be read: {names}; correct or set it"),
        Health.KEY_PRESENT: ("已设置", "present"),
        Health.KEY_UNUSABLE: (
            "{name} 缺失或格式不对：设为 32 个随机字节的 base64",
            "{name} is missing or malformed: set it to base64 of 32 random bytes",
        ),
        Health.KEY_ELSEWHERE: (
            "不在本进程中，由使用它的进程持有",
            "not here: the process that signs with it holds it",
        ),
        Health.KEYS_TOGETHER: (
            "一个进程同时持有 {names}：控制该进程即可以其中任何一个签名；用 docker compose 部署，各进程只持有自己的",
            "one process holds {names}: whoever has it signs by each of them; with docker compose each has its own alone",
        ),
        Health.ORIGIN_MISSING: (
            "LOG_ORIGIN 未设置：为日志选定一个他处没有的名称，此后不再改变",
            "LOG_ORIGIN is not set: choose a name for the log that nobody else has, for ever",
        ),
        Health.KEYS_MIXED: (
            "尚有内容以 PERSONAL_KEY_BEFORE 加密：运行 quancheng reseal 全部改用新密钥",
            "values stand under PERSONAL_KEY_BEFORE still: `quancheng reseal` moves them to the new one",
        ),
        Health.KEY_OTHER: (
            "有内容以另一密钥加密：找回该密钥，设为 PERSONAL_KEY_BEFORE 并运行 quancheng reseal",
            "values stand under another key: bring it as PERSONAL_KEY_BEFORE and run `quancheng reseal`",
        ),
        Health.FACTORS_DEMANDED: (
            "SECOND_FACTOR_ROLES 要求两步验证，但 FACTOR_KEY 缺失：这些人登录不了，设为 32 个随机字节的 base64",
            "FACTOR_KEY is missing, and whoever needs a second factor cannot log in: set it to base64 of 32 random bytes",
        ),
        Health.FACTORS_OFF: (
            "未设置，无法启用两步验证：把 FACTOR_KEY 设为 32 个随机字节的 base64",
            "not set, no second factor can be set up: set FACTOR_KEY to base64 of 32 random bytes",
        ),
        Health.CALENDAR_EMPTY: (
            "未载入节假日，期限按周一至周五计：把国务院办公厅的放假通知写入 CALENDAR_FILE",
            "no holidays are loaded, deadlines count Monday to Friday: enter the notices into CALENDAR_FILE",
        ),
        Health.CALENDAR_OUTDATED: (
            "只有 {listed} 年：缺 {now} 年的放假通知",
            "holds {listed} only: the notice for {now} is missing",
        ),
        Health.CALENDAR_LOADED: ("已载入 {listed} 年", "holds {listed}"),
        Health.BROKER_NOT_SET: ("未设置：任务在 API 进程内运行", "not set: jobs run inside the API process"),
        Health.BROKER_SILENT: (
            "没有应答：检查 BROKER_URL 并启动",
            "does not answer: check BROKER_URL and start it",
        ),
        Health.BROKER_ANSWERS: ("有应答", "answers"),
        Health.ADDRESS_UNREADABLE: (
            "地址无法识别：检查 DATABASE_URL、OBJECTS_URL 的写法",
            "an address cannot be read: check the form of DATABASE_URL and OBJECTS_URL",
        ),
        Health.DATABASE_NOT_RUNNING: (
            "没有运行：用 quancheng serve 启动",
            "not running: `quancheng serve` starts it",
        ),
        Health.DATABASE_SILENT: (
            "没有应答：检查 DATABASE_URL 并启动",
            "does not answer: check DATABASE_URL and start it",
        ),
        Health.DATABASE_TOO_OLD: (
            "版本 {version}：需要 18 或以上",
            "version {version}: 18 or later is needed",
        ),
        Health.DATABASE_READ_ONLY: (
            "只读（备库或已设为只读）：请让 DATABASE_URL 指向主库",
            "takes nothing (a standby, or made read-only): let DATABASE_URL lead to the primary",
        ),
        Health.DATABASE_ANSWERS: ("版本 {version}", "version {version}"),
        Health.SCHEMA_BEHIND: (
            "需运行 python -m storage.setup.migrate",
            "run `python -m storage.setup.migrate`",
        ),
        Health.SCHEMA_CURRENT: ("为最新", "up to date"),
        Health.ROLE_APART: (
            "应用角色不能改动只增不改的记录，也不能停用触发器",
            "the application can change nothing that is append-only, and switch off no trigger",
        ),
        Health.ROLE_OWNER: (
            "应用以属主或超级用户运行：请另设 DATABASE_URL 的角色，属主只写在 MIGRATION_DATABASE_URL 中",
            "runs as owner or superuser: name the owner in MIGRATION_DATABASE_URL alone, and another in DATABASE_URL",
        ),
        Health.OBJECTS_SILENT: (
            "没有应答（{problem}）：检查 OBJECTS_URL",
            "does not answer ({problem}): check OBJECTS_URL",
        ),
        Health.OBJECTS_ANSWER: ("有应答，有版本、可加锁", "answers, versioned and lockable"),
        Health.OBJECTS_ROOM_UNTOLD: (
            "有应答，有版本、可加锁；不告知剩余空间，创建上传时不按空间限制",
            "answers, versioned and lockable; does not tell its free room, so uploads are opened without asking for it",
        ),
        Health.BUCKET_MISSING: (
            "没有存储桶 {bucket}：运行 python -m storage.objects.provision",
            "bucket {bucket} is missing: run `python -m storage.objects.provision`",
        ),
        Health.BUCKET_UNVERSIONED: (
            "存储桶 {bucket} 不保留版本，覆盖会毁掉证据：请重新建立",
            "bucket {bucket} keeps no versions: an overwrite would destroy evidence; make it anew",
        ),
        Health.BUCKET_WITHOUT_LOCK: (
            "存储桶 {bucket} 没有对象锁，而对象锁只能在建立时开启：请重新建立",
            "bucket {bucket} has no object lock, which exists only from creation; make it anew",
        ),
        Health.BUCKET_LOCKS_ALL: (
            "存储桶 {bucket} 默认锁定一切，连未通过核验的字节也锁定：请去掉该规则",
            "bucket {bucket} locks every object by default, also bytes that fail their check: remove the rule",
        ),
        Health.STAGING_VERSIONED: (
            "存储桶 {bucket} 保留版本，丢弃的残段永远占用空间：请重新建立",
            "bucket {bucket} keeps versions: no dropped tail ever frees its room; make it anew",
        ),
        Health.CREDENTIAL_DELETES: (
            "服务凭据可以删除证据：请改用服务策略",
            "the services' credential may delete evidence: give it the services' policy",
        ),
        Health.CREDENTIAL_LIFTS_HOLDS: (
            "服务凭据可以解除法定保留：请改用服务策略",
            "the services' credential may lift legal holds: give it the services' policy",
        ),
        Health.ROOM_SHORT: (
            "剩余 {room} 字节：低于 {least} 字节时不再接受上传",
            "{room} bytes are free: uploads are refused below {least}",
        ),
        Health.LOOP_LIVES: ("{count} 个在运行", "{count} running"),
        Health.LOOP_LOST: (
            "{places} 没有心跳已 {age}：查看其日志并重新启动",
            "{places} has given no sign for {age}: look at its log and start it again",
        ),
        Health.LOOP_ABSENT: ("没有在运行的：请启动", "none is running: start it"),
        Health.LOOP_HINDERED: ("{place} 受阻：{problem}", "{place} is hindered: {problem}"),
        Health.LOOP_HANGS: (
            "{places} 停顿已 {age}：查看其日志并重新启动",
            "{places} has not come round for {age}: look at its log and start it again",
        ),
        Health.WORK_NONE: ("没有等待的", "nothing waits"),
        Health.WORK_MOVES: ("最早的已等 {age}", "the oldest has waited {age}"),
        Health.WORK_SLOW: (
            "有进展，但最早的已等 {age}：需要时增加核验程序",
            "it moves, and the oldest has waited {age}: start more workers if this stays",
        ),
        Health.WORK_STANDS: (
            "停滞：最早的已等 {age}，期间没有完成一项；查看核验程序的日志",
            "stands still: the oldest has waited {age} and none came to its end; look at the workers' logs",
        ),
        Health.LOCKS_NONE: ("还没有续期过，每夜一次", "none was made yet, there is one each night"),
        Health.LOCKS_RUN: (
            "正在续期，始于 {age}前，已续期 {renewed} 份",
            "under way since {age}, {renewed} were renewed so far",
        ),
        Health.LOCKS_RENEWED: (
            "最近一次在 {age}前，续期 {renewed} 份",
            "last {age} ago, {renewed} were renewed",
        ),
        Health.LOCKS_FAILED: (
            "最近一次在 {age}前，续期 {renewed} 份，{failed} 份没有成功（{problem}）：检查证据存储，下一夜再试",
            "last {age} ago, {renewed} were renewed, {failed} not ({problem}): look at the store; tried again by night",
        ),
        Health.LOCKS_LATE: (
            "已 {age} 没有进行或没有完成（{problem}）：检查证据存储和调度程序的日志",
            "none was made, or came to its end, for {age} ({problem}): look at the evidence store and the scheduler's log",
        ),
        Health.SCRUB_NONE: (
            "还没有重读过，每夜重读一部分",
            "nothing was read again yet; a part is each night",
        ),
        Health.SCRUB_RUN: (
            "正在巡检，始于 {age}前，已读 {objects} 份，{faults} 份与记录不符",
            "under way since {age}, {objects} were read so far, {faults} differ",
        ),
        Health.SCRUB_READ: (
            "最近一次在 {age}前，读 {objects} 份，均与记录相符；{days} 天内全部读完一遍",
            "last {age} ago, {objects} were read and are as recorded; all are within {days} days",
        ),
        Health.SCRUB_FOUND: (
            "最近一次在 {age}前，读 {objects} 份，{faults} 份与记录不符：见音像记录列表，从备份中恢复",
            "last {age} ago, {objects} were read, {faults} differ: see the list of recordings, restore them from a copy",
        ),
        Health.SCRUB_LATE: (
            "落后：已 {age} 没有进行或没有完成，或有内容超过 {days} 天没有重读：检查证据存储和核验程序，或提高读取速度",
            "late: none was made or ended for {age}, or something is unread for {days} days: look at store and workers",
        ),
        Health.LOG_CURRENT: ("已全部签署，最近一次在 {age}前", "all is signed, last {age} ago"),
        Health.LOG_EMPTY: ("还没有签署过", "nothing has been signed yet"),
        Health.LOG_BEHIND: (
            "未签署的最早一条已等 {age}：查看调度程序的日志",
            "the oldest entry has waited {age} for its signature: look at the scheduler's log",
        ),
        Health.LOG_UNTOLD: (
            "已签署而未能保存到数据库之外的检查点已等 {age}：查看调度程序和证据存储",
            "a signed checkpoint has waited {age} to be kept outside the database: look at scheduler and evidence store",
        ),
        Health.LOG_STEPPED: (
            "时钟在 {age}前被调整，日志已写明：检查各主机的对时",
            "a clock went {age} ago, and the log says so: look at how the hosts keep their time",
        ),
        Health.LOG_OTHER: (
            "数据库中的日志不是本系统的（{problem}）：停止使用这个数据库，检查 DATABASE_URL、LOG_ORIGIN 和 LOG_KEY",
            "the log in the database is not ours ({problem}): stop using it, look at DATABASE_URL, LOG_ORIGIN and LOG_KEY",
        ),
        Health.LOG_RESTORED: (
            "数据库比已公布的日志旧，可能恢复了旧备份：停止全部进程，恢复最新的备份，再运行 quancheng log rebuild",
            "the database is older than the published log: stop all, restore the newest copy, run quancheng log rebuild",
        ),
        Health.LOG_REFUSES: (
            "日志拒绝收录 {count} 条存证记录，其编号链停住：运行 quancheng fsck，查明后运行 quancheng log mend",
            "the log refuses {count} entries, and their chains stand still: run quancheng fsck, then quancheng log mend",
        ),
        Health.LOG_REFUSED: (
            "一天内日志拒绝收录过 {count} 条存证记录，没有编号链因此停住：运行 quancheng fsck",
            "the log refused {count} entries within a day, and no chain stands still for it: run quancheng fsck",
        ),
    },
)
