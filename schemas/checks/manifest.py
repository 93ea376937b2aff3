"""What a well-signed manifest gives away, and what its receipt adds."""

from schemas.checks.rows import ALL_MEDIA, mismatch, not_checked, remark
from schemas.integrity import Check, Severity
from schemas.words import Words

SEQUENCE = Check(
    name="manifest_sequence",
    version=1,
    title=Words("采集序号", "Sequence"),
    proves=Words(
        "该设备此前的采集都已申报，序号与前一份清单相接。",
        "Every earlier capture of the device was declared, and this one follows the last.",
    ),
    leaves=Words(
        "不说明缺少的采集已被删除：可能尚未上传。",
        "Not that a missing capture was deleted: it may still be on its way.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        not_checked(
            "sequence-unknown",
            zh="无法核对该设备的采集序号（{seq}）：没有更早的记录可供比较。",
            en="The device's sequence number ({seq}) cannot be checked: nothing earlier is known of its key.",
            then=("请确认设备已正常登记。", "Make sure that the device was enrolled properly."),
            severity=Severity.WARN,
        ),
        mismatch(
            "sequence-gap",
            zh="该设备的采集序号不连续：序号 {seq} 之前缺少 {missing} 次采集。",
            en="The device's sequence has a gap: {missing} capture(s) before number {seq} have not arrived.",
            then=(
                "请让设备上传剩余记录，或书面说明原因。",
                "Let the device upload what is left, or explain in writing.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "sequence-fork",
            zh="该设备用同一序号 {seq} 提交过另一份采集清单，设备的记录链出现分叉。",
            en="This device has submitted another manifest with the same sequence number {seq}: its chain forks.",
            then=("请停用该设备并送检。", "Take the device out of service and have it examined."),
        ),
    ),
)

CLOCK = Check(
    name="clock",
    version=3,
    title=Words("设备时钟", "Device clock"),
    proves=Words(
        "设备时钟与服务器的相差在本单位规定的允许误差以内。",
        "The device's clock was as near to the server's as the agency asks.",
    ),
    leaves=Words(
        "不说明首次联系服务器之前的时钟。",
        "Nothing about the clock before the device's first contact.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        not_checked(
            "clock-never-checked",
            zh="设备写明其时钟从未校对，拍摄时间没有依据。",
            en="The device says that its clock was never compared: nothing supports the capture time.",
            then=(
                "请让设备联系服务器校时，并以其他方式证明拍摄时间。",
                "Let the device contact the server, and prove the time of the capture by other means.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "clock-offset-warn",
            zh="设备时钟偏差 {offset_ms} 毫秒，已另列校正后的时间。",
            en="The device's clock was off by {offset_ms} ms; the corrected time is shown beside it.",
            then=("请在下一班次前校时。", "Set the clock before the next shift."),
            severity=Severity.WARN,
        ),
        mismatch(
            "clock-offset-large",
            zh="设备时钟偏差 {offset_ms} 毫秒，超过规定的界限。",
            en="The device's clock was off by {offset_ms} ms, beyond the limit that the agency sets.",
            then=(
                "请立即校时，并在案卷中说明时间偏差。",
                "Set the clock now, and note the difference in the case file.",
            ),
            severity=Severity.WARN,
        ),
    ),
)

CAPTURE_TIME = Check(
    name="capture_time",
    version=2,
    title=Words("拍摄时间", "Capture time"),
    proves=Words(
        "拍摄时间不晚于入库时间，与同一次开机内的前一份清单先后相符；所引用的本日志检查点（如有）确曾签署。",
        "The capture lies before its receipt, behind the one before of its boot; a quoted checkpoint of this log is real.",
    ),
    leaves=Words(
        "不说明采集的确切时刻；引用其他日志的检查点不作比对。",
        "Not the exact moment of the capture, and nothing of a quoted checkpoint of another log.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        mismatch(
            "captured-in-future",
            zh="校正后的拍摄时间晚于入库时间 {ahead_seconds} 秒，设备时间不可信。",
            en="The corrected capture time is {ahead_seconds} s later than the receipt: the device's time is wrong.",
            then=(
                "请为设备校时；入库时间是拍摄时间的上限。",
                "Set the device's clock. The time of receipt is the latest possible capture time.",
            ),
        ),
        mismatch(
            "clock-mono-back",
            zh="同一次开机内，设备的单调时钟倒退了 {back_ms} 毫秒。",
            en="Within one boot the device's monotonic clock went back by {back_ms} ms.",
            then=(
                "单调时钟不应倒退，请将设备送检。",
                "A monotonic clock never goes back. Have the device examined.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "quoted-checkpoint-unknown",
            zh="清单引用的检查点（{size} 条）不是本日志签署过的：清单可能是预先制作的，或来自被改写的日志。",
            en="The log never had the checkpoint of {size} entries that is quoted: made beforehand, or of a rewritten log.",
            then=(
                "请核实拍摄时间和设备，保留该设备所见的检查点。",
                "Find out when it was captured, have the device examined, and keep the checkpoint that it saw.",
            ),
            severity=Severity.WARN,
        ),
    ),
)


OFFICERS = Check(
    name="officers",
    version=3,
    title=Words("执法人员", "Officers"),
    proves=Words(
        "拍摄时（校正后时间）至少有两名本单位或委托关系单位的执法人员，其执法证有效；按人计，辅助人员不计。",
        (
            "At the corrected time of the capture two or more people of the agency, or of one it entrusts or is"
            " entrusted by, held valid certificates; people count, not certificates, and auxiliaries never."
        ),
    ),
    leaves=Words(
        "不说明他们确在现场。",
        "Not that they were at the scene.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        mismatch(
            "officers-fewer-than-two",
            zh="写明且符合条件的执法人员只有 {officers} 人；执法人员不得少于两人（行政处罚法第四十二条）。",
            en="{officers} officer(s) named who count; there must be at least two (Administrative Penalty Law, art. 42).",
            then=(
                "请补充说明另一名执法人员，或写明法律另有规定的条款。同一人的多个证件按一人计，辅助人员不计。",
                (
                    "Name the second officer, or cite the article that allows an exception. Several certificates of"
                    " one person are one person, and an auxiliary is none."
                ),
            ),
            severity=Severity.REMARK,
        ),
        mismatch(
            "officers-unknown-certificate",
            zh="采集清单中有 {unknown} 个执法证号未登记。",
            en="{unknown} certificate number(s) in the manifest are not registered.",
            then=(
                "请核对执法证号（行政处罚法第四十二条、第五十五条）。",
                "Check the certificate numbers (Administrative Penalty Law, arts. 42 and 55).",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "officers-invalid-certificate",
            zh="采集清单中有 {invalid} 个执法证在拍摄时（校正后时间）无效。",
            en="{invalid} certificate(s) in the manifest were not valid at the corrected time of the capture.",
            then=(
                "请查明拍摄时证件的状态（行政处罚法第四十二条、第五十五条）。",
                "Find out how the certificates stood then (Administrative Penalty Law, arts. 42 and 55).",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "officers-other-agency",
            zh="采集清单中有 {others} 个执法证属于其他单位的人员，与设备所属单位没有委托关系。",
            en="{others} certificate(s) in the manifest are of people of another agency, neither entrusting nor entrusted.",
            then=(
                "请说明这些人员以何名义执法（行政处罚法第二十条、第二十一条）。",
                "Say in whose name they acted (Administrative Penalty Law, arts. 20 and 21).",
            ),
            severity=Severity.WARN,
        ),
        not_checked(
            "officers-clock-unchecked",
            zh="设备时钟从未校对，无法核对执法证在拍摄时是否有效。",
            en="The device's clock was never compared: whether the certificates were valid then cannot be checked.",
            then=(
                "请以其他方式证明拍摄时间，再核对执法证。",
                "Prove the time of the capture by other means, then look at the certificates.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "officers-exception",
            zh="执法人员少于两人，清单援引例外条款：{article}。",
            en="Fewer than two officers; the manifest cites an exception: {article}.",
            then=("请审核人员核对该条款是否适用。", "The reviewer checks whether that article applies."),
        ),
    ),
)

PLACE = Check(
    name="place",
    version=2,
    title=Words("拍摄地点", "Place"),
    proves=Words(
        "设备报告了拍摄时的位置，且与前一次采集之间可以到达。",
        "The device stated where it was, and could have come there from its capture before.",
    ),
    leaves=Words(
        "不说明位置准确：定位可以被干扰或伪造。",
        "Not that the place is right: positioning can be disturbed or faked.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        mismatch(
            "location-absent",
            zh="采集清单没有位置。",
            en="The manifest names no place.",
            then=(
                "请打开定位，或以其他方式证明地点。",
                "Turn positioning on, or prove the place by other means.",
            ),
            severity=Severity.REMARK,
        ),
        mismatch(
            "location-mock",
            zh="设备报告位置来自模拟定位。",
            en="The device reports that the place came from a mock provider.",
            then=(
                "请关闭模拟定位，并以其他方式证明地点。",
                "Turn mock locations off, and prove the place by other means.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "location-fix-in-future",
            zh="定位时间晚于拍摄时间，不可能成立。",
            en="The position was fixed after the capture, which cannot be.",
            then=("请检查设备的时钟与定位。", "Examine the device's clock and receiver."),
            severity=Severity.WARN,
        ),
        mismatch(
            "location-jump",
            zh="与上一次采集相距 {distance_m} 米，以车速无法到达。",
            en="{distance_m} m from the capture before, farther than a car could have gone.",
            then=(
                "请查明设备是否被转借，或定位是否有误。",
                "Find out whether the device was lent, or its position was wrong.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "location-datum-gcj02",
            zh="位置采用 GCJ-02 坐标，与 WGS-84、CGCS2000 相差可达数百米。",
            en="The place is given in GCJ-02, up to several hundred metres off WGS-84 and CGCS2000.",
            then=(
                "比对地点前请先换算；原值已保留。",
                "Convert before comparing places; the original value is kept.",
            ),
        ),
        remark(
            "location-datum-bd09",
            zh="位置采用 BD-09 坐标，与 WGS-84、CGCS2000 相差可达一千米。",
            en="The place is given in BD-09, up to a kilometre off WGS-84 and CGCS2000.",
            then=(
                "比对地点前请先换算；原值已保留。",
                "Convert before comparing places; the original value is kept.",
            ),
        ),
    ),
)

CASE = Check(
    name="case",
    version=1,
    title=Words("案号", "Case number"),
    proves=Words(
        "写明的案号存在，记录已关联。",
        "The stated case exists and the recording is linked to it.",
    ),
    leaves=Words(
        "不说明记录与该案有关。",
        "Not that the recording bears on that case.",
    ),
    media=ALL_MEDIA,
    findings=(
        not_checked(
            "case-unknown",
            zh="写明的案号 {number} 不存在、不属于本单位，或该案已不能再关联记录。",
            en="The stated case number {number} does not exist, belongs to another agency, or takes no more recordings.",
            then=(
                "请核对案号，再由承办人手动关联。",
                "Check the number, then let the handler link the recording by hand.",
            ),
            severity=Severity.WARN,
        ),
    ),
)

HAND_IN = Check(
    name="hand_in",
    version=3,
    title=Words("及时上交入库", "Handed in on time"),
    proves=Words(
        "勤务结束后（没有勤务的，拍摄后）在本单位规定的时限内上交入库。",
        "Handed in within the time that the agency sets after the duty, or after the capture outside of one.",
    ),
    leaves=Words(
        "不说明期间由谁保管。",
        "Not who kept it meanwhile.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        remark(
            "late-handin",
            zh="拍摄后 {hours} 小时才上交入库，超过规定的时限。",
            en="Handed in {hours} h after the capture, later than the agency's limit.",
            then=("请说明迟延上交的原因。", "State why it was late."),
            severity=Severity.REMARK,
        ),
        remark(
            "late-after-duty",
            zh="勤务结束 {hours} 小时后才上交入库，超过规定的时限。",
            en="Handed in {hours} h after the end of the duty, later than the agency's limit.",
            then=("请说明迟延上交的原因。", "State why it was late."),
            severity=Severity.REMARK,
        ),
    ),
)


MANIFEST = (
    SEQUENCE,
    CLOCK,
    CAPTURE_TIME,
    OFFICERS,
    PLACE,
    CASE,
    HAND_IN,
)
