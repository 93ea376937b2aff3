"""Words of what two cases have in common."""

from schemas.overlap import Overlap
from schemas.words import vocabulary

OVERLAPS = vocabulary(
    Overlap,
    {
        Overlap.PARTY: ("同一当事人", "Same party"),
        Overlap.PLATE: ("同一车牌", "Same plate"),
        Overlap.MATTER: ("同一事由", "Same matter"),
        Overlap.PLACE: ("地点相近", "Near the same place"),
    },
)
