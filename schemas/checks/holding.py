"""Who had the device of a capture, held against whom the capture names."""

from schemas.checks.rows import ALL_MEDIA, mismatch, not_checked
from schemas.integrity import Check, Severity
from schemas.words import Words

HOLDER = Check(
    name="device_holder",
    version=1,
    title=Words("设备领用人", "Holder of the device"),
    proves=Words(
        "写明的人员中至少一人在拍摄时（校正后时间）领用这台设备，或正以它执行勤务。",
        "At the corrected time of the capture one of those whom it names had the device, or was on a duty with it.",
    ),
    leaves=Words(
        "不说明是谁按下的快门：领用人可以把设备交给他人。",
        "Not who pressed the button: whoever has a device may hand it to others.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        mismatch(
            "holder-not-named",
            zh="拍摄时（校正后时间）领用这台设备的人不在写明的人员之中。",
            en="Whoever had the device at the corrected time of the capture is not among those whom it names.",
            then=(
                "请查明设备当时在谁手里；领用登记有误的由设备保管员更正。",
                "Find out who had the device; where the register is wrong the custodian corrects it.",
            ),
            severity=Severity.WARN,
        ),
        not_checked(
            "holder-clock-unchecked",
            zh="设备时钟从未校对，无法核对拍摄时设备由谁领用。",
            en="The device's clock was never compared: who had the device then cannot be checked.",
            then=(
                "请以其他方式证明拍摄时间，再核对领用登记。",
                "Prove the time of the capture by other means, then look at the register.",
            ),
            severity=Severity.WARN,
        ),
    ),
)

HOLDING = (HOLDER,)
