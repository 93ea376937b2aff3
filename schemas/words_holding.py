"""Words of devices and their life: kinds, points of a check, and when one is made."""

from schemas.holding import CheckOccasion, CheckPoint, DeviceKind
from schemas.words import vocabulary

DEVICE_KINDS = vocabulary(
    DeviceKind,
    {
        DeviceKind.BODY_CAMERA: ("执法记录仪", "Body camera"),
        DeviceKind.PHONE: ("执法手机", "Phone"),
        DeviceKind.CAMERA: ("照相机", "Camera"),
        DeviceKind.VIDEO_CAMERA: ("摄像机", "Video camera"),
        DeviceKind.VOICE_RECORDER: ("录音笔", "Voice recorder"),
        DeviceKind.VEHICLE_CAMERA: ("车载记录设备", "Vehicle camera"),
        DeviceKind.DRONE: ("无人机", "Drone"),
        DeviceKind.DOCKING_STATION: ("采集站", "Docking station"),
        DeviceKind.OTHER: ("其他设备", "Another device"),
    },
)

CHECK_OCCASIONS = vocabulary(
    CheckOccasion,
    {
        CheckOccasion.ISSUE: ("发放前检查", "Before it is handed out"),
        CheckOccasion.RETURN: ("归还时检查", "When it comes back"),
        CheckOccasion.BETWEEN: ("日常检查", "In between"),
    },
)

CHECK_POINTS = vocabulary(
    CheckPoint,
    {
        CheckPoint.BATTERY: ("电量充足", "Battery charged"),
        CheckPoint.STORAGE: ("存储空间充足", "Storage free"),
        CheckPoint.CLOCK: ("日期时间准确", "Date and time right"),
        CheckPoint.PICTURE_SOUND: ("画面和声音正常", "Picture and sound"),
        CheckPoint.LENS: ("镜头清洁", "Lens clean"),
        CheckPoint.BODY: ("外观完好", "Body undamaged"),
        CheckPoint.HANDED_IN: ("记录已全部上交", "Everything handed in"),
    },
)
