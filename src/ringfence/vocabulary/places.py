"""Kinds of place that the field tells apart; a kind says how long people stay and how thin the air is shared."""

from __future__ import annotations

from enum import IntEnum


class PlaceKind(IntEnum):
    """What a place is. The numbers are stored; never renumber."""

    OTHER = 0
    HOME = 1
    WORKPLACE = 2
    SCHOOL = 3
    MARKET = 4
    SHOP = 5
    RESTAURANT = 6
    HOSPITAL = 7
    CARE_HOME = 8
    VEHICLE = 9
    HOTEL = 10
    WORSHIP = 11
    ENTERTAINMENT = 12
    GYM = 13
    OUTDOORS = 14
    STATION = 15
    QUARANTINE_SITE = 16

    @classmethod
    def named(cls, name: str) -> PlaceKind:
        """Return the kind of a name (any case, - or _ or blank); unknown names are OTHER."""
        return cls.__members__.get(name.strip().upper().replace("-", "_").replace(" ", "_"), cls.OTHER)
