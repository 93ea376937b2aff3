"""Words of the monitoring desk: equipment, its records, and the two people who look at each."""

from schemas.equipment import EquipmentKind, EquipmentState, EquipmentStep, GateFault, ReviewKind
from schemas.equipment_version import PlaceRemark
from schemas.gate import GateState
from schemas.monitoring import (
    InvalidReason,
    LinkBasis,
    MonitoringState,
    NotifyChannel,
    NotifyOutcome,
    OpinionWord,
    ReviewFault,
    ReviewStage,
)
from schemas.monitoring_row import Quantity, RowOutcome
from schemas.words import vocabulary

EQUIPMENT_KINDS = vocabulary(
    EquipmentKind,
    {
        EquipmentKind.AXLE_SCALE: ("动态汽车衡", "Axle scale"),
        EquipmentKind.SPEED_CAMERA: ("测速设备", "Speed camera"),
        EquipmentKind.CAMERA: ("视频监控", "Camera"),
        EquipmentKind.EMISSION_MONITOR: ("污染源自动监测", "Emission monitor"),
        EquipmentKind.NOISE_METER: ("噪声监测", "Noise meter"),
        EquipmentKind.DUST_METER: ("扬尘监测", "Dust meter"),
        EquipmentKind.WATER_METER: ("水质监测", "Water meter"),
        EquipmentKind.OTHER: ("其他设备", "Other equipment"),
    },
)

EQUIPMENT_STATES = vocabulary(
    EquipmentState,
    {
        EquipmentState.IN_SERVICE: ("在用", "In service"),
        EquipmentState.SUSPENDED: ("停用", "Suspended"),
    },
)

EQUIPMENT_STEPS = vocabulary(
    EquipmentStep,
    {
        EquipmentStep.SUSPEND: ("停用设备", "Suspend"),
        EquipmentStep.RESUME: ("恢复使用", "Resume"),
    },
)

PLACE_REMARKS = vocabulary(
    PlaceRemark,
    {
        PlaceRemark.MOVED: (
            "设置地点在最近一次公示之后变更：请核对新地点是否已公示",
            "the equipment was moved after its location was published last: see whether the new one is published",
        ),
        PlaceRemark.CORRECTED: (
            "登记的设置地点在最近一次公示之后更正：请核对公示的是哪个地点",
            "the registered location was corrected after it was published last: see which one was published",
        ),
    },
)

REVIEW_KINDS = vocabulary(
    ReviewKind,
    {
        ReviewKind.TECHNICAL: ("技术审核", "Technical review"),
        ReviewKind.LEGAL: ("法制审核（设备）", "Legal review (equipment)"),
    },
)

GATE_FAULTS = vocabulary(
    GateFault,
    {
        GateFault.CERTIFICATE_MISSING: ("检定证书不在有效期", "no certificate in force"),
        GateFault.TECHNICAL_REVIEW_MISSING: ("未经技术审核", "no technical review"),
        GateFault.LEGAL_REVIEW_MISSING: ("未经法制审核", "no legal review"),
        GateFault.PUBLICATION_MISSING: ("设置地点未公示", "location not published"),
        GateFault.SUSPENDED: ("设备停用期间", "equipment suspended"),
    },
)

GATES = vocabulary(
    GateFault,
    {
        GateFault.CERTIFICATE_MISSING: ("检定证书", "Verification certificate"),
        GateFault.TECHNICAL_REVIEW_MISSING: ("技术审核", "Technical review"),
        GateFault.LEGAL_REVIEW_MISSING: ("法制审核（设备）", "Legal review (equipment)"),
        GateFault.PUBLICATION_MISSING: ("地点公示", "Publication"),
        GateFault.SUSPENDED: ("在用状态", "In service"),
    },
)
"""What must be there, by the fault that says it is not."""

GATE_STATES = vocabulary(
    GateState,
    {
        GateState.HELD: ("具备", "holds"),
        GateState.MISSING: ("不具备", "missing"),
        GateState.NOT_NEEDED: ("不需检定", "no verification needed"),
    },
)

REVIEW_FAULTS = vocabulary(
    ReviewFault,
    {
        ReviewFault.NOT_REVIEWED: ("尚未审核", "not reviewed"),
        ReviewFault.FOUND_INVALID: ("审核无效", "found invalid"),
    },
)

MONITORING_STATES = vocabulary(
    MonitoringState,
    {
        MonitoringState.RECEIVED: ("待审", "To review"),
        MonitoringState.REVIEWING: ("审核中", "Under review"),
        MonitoringState.VALID: ("有效", "Valid"),
        MonitoringState.INVALID: ("无效", "Invalid"),
        MonitoringState.RECHECK: ("待重新审核", "To review again"),
    },
)

STAGES = vocabulary(
    ReviewStage,
    {
        ReviewStage.FIRST: ("初审（证据审核）", "First review (evidence)"),
        ReviewStage.SECOND: ("复核（法制审核）", "Second review (legal)"),
    },
)

RECORD_OPINIONS = vocabulary(
    OpinionWord,
    {
        OpinionWord.VALID: ("有效", "Valid"),
        OpinionWord.INVALID: ("无效", "Invalid"),
    },
)

REASONS = vocabulary(
    InvalidReason,
    {
        InvalidReason.UNCLEAR: ("画面不清", "Picture unclear"),
        InvalidReason.INCOMPLETE: ("要素不全", "Incomplete"),
        InvalidReason.INACCURATE: ("数值不准", "Value inaccurate"),
        InvalidReason.PLATE_MISREAD: ("号牌误识", "Plate misread"),
        InvalidReason.EMERGENCY_VEHICLE: ("执行任务的特种车辆", "Emergency vehicle on duty"),
        InvalidReason.CLONED_PLATE: ("套牌或被盗车辆", "Cloned plate or stolen vehicle"),
        InvalidReason.HANDLED_ON_SITE: ("现场已处理", "Handled on site"),
        InvalidReason.EQUIPMENT_FAULT: ("设备故障", "Equipment fault"),
        InvalidReason.NO_VIOLATION: ("不构成违法", "No violation"),
        InvalidReason.OTHER: ("其他", "Other"),
    },
)

BASES = vocabulary(
    LinkBasis,
    {
        LinkBasis.MANUAL: ("人工关联", "Linked by hand"),
        LinkBasis.OPENED: ("由此登记线索", "Opened the lead"),
        LinkBasis.PLATE: ("号牌相同", "Same plate"),
        LinkBasis.PARTY_CODE: ("信用代码相同", "Same credit code"),
        LinkBasis.PLACE_TIME: ("时间地点相近", "Near in time and place"),
    },
)

CHANNELS = vocabulary(
    NotifyChannel,
    {
        NotifyChannel.SMS: ("短信", "Text message"),
        NotifyChannel.APP: ("手机应用", "App"),
        NotifyChannel.PHONE: ("电话", "Phone"),
        NotifyChannel.POST: ("邮寄", "Post"),
        NotifyChannel.ON_SITE: ("当场", "On site"),
        NotifyChannel.ANNOUNCEMENT: ("公告", "Announcement"),
    },
)

NOTIFY_OUTCOMES = vocabulary(
    NotifyOutcome,
    {
        NotifyOutcome.DELIVERED: ("已送达", "Delivered"),
        NotifyOutcome.SENT: ("已发出", "Sent"),
        NotifyOutcome.FAILED: ("未送达", "Not delivered"),
        NotifyOutcome.REFUSED: ("拒收", "Refused"),
    },
)

ROW_OUTCOMES = vocabulary(
    RowOutcome,
    {
        RowOutcome.RECEIVED: ("已接收", "Received"),
        RowOutcome.DUPLICATE: ("此前已接收", "Received before"),
        RowOutcome.CONFLICT: ("与此前同号记录不同", "Differs from an earlier row of its number"),
        RowOutcome.REFUSED: ("未被接受", "Refused"),
    },
)

QUANTITIES = vocabulary(
    Quantity,
    {
        Quantity.GROSS_WEIGHT: ("车货总质量", "Gross weight"),
        Quantity.AXLE_WEIGHT: ("轴重", "Axle weight"),
        Quantity.AXLE_COUNT: ("轴数", "Axles"),
        Quantity.SPEED: ("车速", "Speed"),
        Quantity.LENGTH: ("长", "Length"),
        Quantity.WIDTH: ("宽", "Width"),
        Quantity.HEIGHT: ("高", "Height"),
        Quantity.NOISE: ("噪声", "Noise"),
        Quantity.PM10: ("可吸入颗粒物（PM10）", "PM10"),
        Quantity.PM2_5: ("细颗粒物（PM2.5）", "PM2.5"),
        Quantity.CONCENTRATION: ("浓度", "Concentration"),
        Quantity.PH: ("酸碱度（pH）", "pH"),
        Quantity.FLOW: ("流量", "Flow"),
        Quantity.TEMPERATURE: ("温度", "Temperature"),
    },
)
