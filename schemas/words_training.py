"""Words of training: its kinds."""

from schemas.leaves_training import TrainingKind
from schemas.words import vocabulary

TRAINING_KINDS = vocabulary(
    TrainingKind,
    {
        TrainingKind.PUBLIC_LAW: ("公共法律知识", "Public law"),
        TrainingKind.PROFESSIONAL: ("业务知识和技能", "Law and skills of the profession"),
    },
)
