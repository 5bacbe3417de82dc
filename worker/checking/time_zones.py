"""Xero's time zones in the names that stores and this machine know. Pure.

Xero names them as Windows does, in capitals and without spaces. The pairs are those of Unicode's CLDR
(https://github.com/unicode-org/cldr, windowsZones), for the countries where Xero is sold and their neighbours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SUFFIX = "STANDARDTIME"
_MONTHS = range(1, 13)
_NAMES = {
    "ALASKAN": "America/Anchorage",
    "ARAB": "Asia/Riyadh",
    "ARABIAN": "Asia/Dubai",
    "ARGENTINA": "America/Argentina/Buenos_Aires",
    "ATLANTIC": "America/Halifax",
    "AUSCENTRAL": "Australia/Darwin",
    "AUSEASTERN": "Australia/Sydney",
    "BANGLADESH": "Asia/Dhaka",
    "CANADACENTRAL": "America/Regina",
    "CENAUSTRALIA": "Australia/Adelaide",
    "CENTRAL": "America/Chicago",
    "CENTRALEUROPE": "Europe/Budapest",
    "CENTRALEUROPEAN": "Europe/Warsaw",
    "CENTRALPACIFIC": "Pacific/Guadalcanal",
    "CHATHAMISLANDS": "Pacific/Chatham",
    "CHINA": "Asia/Shanghai",
    "EAFRICA": "Africa/Nairobi",
    "EASTERN": "America/New_York",
    "EAUSTRALIA": "Australia/Brisbane",
    "EGYPT": "Africa/Cairo",
    "ESOUTHAMERICA": "America/Sao_Paulo",
    "FIJI": "Pacific/Fiji",
    "FLE": "Europe/Kyiv",
    "GMT": "Europe/London",
    "GREENWICH": "Atlantic/Reykjavik",
    "GTB": "Europe/Bucharest",
    "HAWAIIAN": "Pacific/Honolulu",
    "INDIA": "Asia/Kolkata",
    "ISRAEL": "Asia/Jerusalem",
    "KOREA": "Asia/Seoul",
    "LORDHOWE": "Australia/Lord_Howe",
    "MAURITIUS": "Indian/Mauritius",
    "MOUNTAIN": "America/Denver",
    "NEPAL": "Asia/Kathmandu",
    "NEWFOUNDLAND": "America/St_Johns",
    "NEWZEALAND": "Pacific/Auckland",
    "NORFOLK": "Pacific/Norfolk",
    "PACIFIC": "America/Los_Angeles",
    "PACIFICSA": "America/Santiago",
    "PAKISTAN": "Asia/Karachi",
    "ROMANCE": "Europe/Paris",
    "SAMOA": "Pacific/Apia",
    "SAPACIFIC": "America/Bogota",
    "SEASIA": "Asia/Bangkok",
    "SINGAPORE": "Asia/Singapore",
    "SOUTHAFRICA": "Africa/Johannesburg",
    "SRILANKA": "Asia/Colombo",
    "TAIPEI": "Asia/Taipei",
    "TASMANIA": "Australia/Hobart",
    "TOKYO": "Asia/Tokyo",
    "TONGA": "Pacific/Tongatapu",
    "TURKEY": "Europe/Istanbul",
    "USEASTERN": "America/Indiana/Indianapolis",
    "USMOUNTAIN": "America/Phoenix",
    "UTC": "Etc/UTC",
    "WAUSTRALIA": "Australia/Perth",
    "WCENTRALAFRICA": "Africa/Lagos",
    "WESTPACIFIC": "Pacific/Port_Moresby",
    "WEUROPE": "Europe/Berlin",
}


def zone_of(xeros: str) -> str:
    """The usual name of a time zone of Xero's; empty for one that is not known here."""
    return _NAMES.get(xeros.upper().removesuffix(_SUFFIX), "")


def same_days(one: str, other: str, *, year: int) -> bool | None:
    """Whether both count their days alike, all through the year; None where this machine lacks a zone."""
    try:
        zones = ZoneInfo(one), ZoneInfo(other)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    moments = [datetime(year, month, 15, 12, tzinfo=UTC) for month in _MONTHS]
    return all(moment.astimezone(zones[0]).utcoffset() == moment.astimezone(zones[1]).utcoffset() for moment in moments)
