"""Words for the roles that an account may hold."""

from schemas.actor import Role
from schemas.words import vocabulary

ROLES = vocabulary(
    Role,
    {
        Role.OFFICER: ("执法人员", "Officer"),
        Role.AUXILIARY: ("辅助人员", "Auxiliary"),
        Role.HANDLER: ("承办人", "Handler"),
        Role.HEAD: ("行政机关负责人", "Head of the agency"),
        Role.CUSTODIAN: ("设备保管员", "Custodian"),
        Role.EVIDENCE_REVIEWER: ("证据审核人员", "Evidence reviewer"),
        Role.LEGAL_REVIEWER: ("法制审核人员", "Legal reviewer"),
        Role.SOURCE: ("数据来源", "Source"),
        Role.SUPERVISOR: ("执法监督人员", "Supervisor"),
        Role.INSPECTOR: ("评查员", "Inspector"),
        Role.PARTY: ("当事人", "Party"),
        Role.ADMIN: ("系统管理员", "Administrator"),
        Role.SECURITY: ("安全管理员", "Security administrator"),
        Role.TRAIL_READER: ("审计员", "Trail reader"),
    },
)
