"""Words of settings: each is called what its declaration says."""

from schemas.as_of import AsOf
from schemas.setting import DECLARED, Setting
from schemas.setting_list import LISTS, ListSetting
from schemas.words import vocabulary

SETTINGS = vocabulary(Setting, {name: (one.words.zh, one.words.en) for name, one in DECLARED.items()})

LIST_SETTINGS = vocabulary(ListSetting, {name: (one.words.zh, one.words.en) for name, one in LISTS.items()})

AS_OF = vocabulary(
    AsOf,
    {
        AsOf.CAPTURE: ("按校正后的拍摄时间适用", "as of the corrected time of the capture"),
        AsOf.RECEIPT: ("按接收时间适用", "as of the receipt"),
        AsOf.OBSERVED: ("按采集时间适用", "as of the time observed"),
        AsOf.ACT: ("按该事项开始的时间适用", "as of the act that starts it"),
        AsOf.YEAR: (
            "按当年年底适用，本年度按现在",
            "as of the end of the year; of the running one as of now",
        ),
        AsOf.FREEZE: (
            "按冻结抽查范围的时间适用，此后不变",
            "as of the freeze of the population, and fixed by it",
        ),
        AsOf.NOW: ("按现在适用", "as of now"),
    },
)
