"""What a file and its name say of the device, held against the register of devices and the manifest."""

from schemas.checks.rows import ALL_MEDIA, mismatch, remark
from schemas.integrity import Check, Severity
from schemas.words import Words

DEVICE_AGREES = Check(
    name="device_agrees",
    version=1,
    title=Words("设备与登记一致", "Device as registered"),
    proves=Words(
        "文件内嵌的厂商、型号、序列号与设备登记不冲突。",
        "Maker, model and serial number in the file do not contradict the register of devices.",
    ),
    leaves=Words(
        "不说明文件出自这台设备：内嵌信息可以更改，登记是人填写的；没有写明的一项不比对。",
        "Not that the file is this device's: what stands in it can be changed, and people fill the register. What either"
        " side leaves out is not compared.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        mismatch(
            "device-serial-differs",
            zh="文件内嵌的设备序列号与登记的不同。",
            en="The serial number in the file is not the registered one.",
            then=(
                "请查明文件出自哪台设备；登记有误的由设备保管员更正。",
                "Find out which device made the file; where the register is wrong the custodian corrects it.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "device-maker-differs",
            zh="文件内嵌的厂商（{stated}）与设备登记的厂商不同。",
            en="The maker in the file ({stated}) is not that of the registered device.",
            then=(
                "请查明文件出自哪台设备；登记有误的由设备保管员更正。",
                "Find out which device made the file; where the register is wrong the custodian corrects it.",
            ),
            severity=Severity.REMARK,
        ),
        remark(
            "device-model-differs",
            zh="文件内嵌的型号（{stated}）与设备登记的型号写法不同；型号代码与商品名常常不同。",
            en="The model in the file ({stated}) is written otherwise than in the register; a maker's code and its trade"
            " name often differ.",
            then=(
                "必要时请设备保管员在登记中写明型号代码。",
                "Let the custodian add the maker's code to the register.",
            ),
        ),
    ),
)

NAME_AGREES = Check(
    name="name_agrees",
    version=1,
    title=Words("文件名一致", "The name agrees"),
    proves=Words(
        "文件名按命名规则写明的时间、设备号与采集清单、设备登记和文件本身不冲突。",
        "Time and device that the name states, by a profile of names, do not contradict manifest, register and file.",
    ),
    leaves=Words(
        "不说明文件名未被更改。",
        "Not that nobody changed the name.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        remark(
            "name-device-differs",
            zh="文件名中的设备号与登记的序列号不同。",
            en="The device in the file's name is not the registered serial number.",
            then=("请核对设备内设置的编号。", "Compare it with the number that is set in the device."),
        ),
        remark(
            "name-time-zone",
            zh="文件名中的时间与采集清单正好相差 {hours} 小时，像是时区设置不同。",
            en="The time in the name and the manifest's are {hours} hours apart to the minute: it looks like a zone.",
            then=("请核对设备的时区设置。", "Check the zone that the device is set to."),
            severity=Severity.REMARK,
        ),
        remark(
            "name-time-differs",
            zh="文件名中的时间与采集清单相差 {seconds} 秒。",
            en="The time in the name and the manifest's are {seconds} s apart.",
            then=(
                "请核对设备时钟，并查明文件是否改名或重新复制。",
                "Check the device's clock, and whether the file was renamed or copied again.",
            ),
            severity=Severity.REMARK,
        ),
        remark(
            "name-file-differs",
            zh="文件名中的时间与文件内嵌的拍摄时间相差 {seconds} 秒。",
            en="The time in the name and the one in the file are {seconds} s apart.",
            then=("请查明文件是否改名。", "Find out whether the file was renamed."),
        ),
    ),
)

REGISTER = (DEVICE_AGREES, NAME_AGREES)
