"""Times and durations as a person says them.

A time is the kernel's local one, with UTC beside it for readers elsewhere: a page without a script
cannot know the clock on its reader's wall.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

__all__ = ["duration_text", "time_html", "time_text", "utc_text"]


def duration_text(seconds: float) -> str:
    """Return a duration as a person says it.

    >>> duration_text(0.0123), duration_text(75), duration_text(200_000)
    ('12 ms', '1 min 15 s', '2 d 7 h')
    """
    if not seconds >= 0.001:
        return "<1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days:,} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def time_text(at: float, zone: tzinfo | None = None) -> str:
    """Return a moment as local date and time; empty for one that no calendar has.

    Args:
        at: seconds since the epoch.
        zone: whose time; the kernel's when left out.

    >>> time_text(0.0, UTC)
    '1970-01-01 00:00:00'
    """
    moment = _moment(at)
    return "" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def utc_text(at: float) -> str:
    """Return a moment in UTC, and saying so; empty for one that no calendar has.

    >>> utc_text(0.0)
    '1970-01-01 00:00:00 UTC'
    """
    moment = _moment(at)
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def time_html(at: float, zone: tzinfo | None = None) -> str:
    """Return a moment as local time that says UTC to whoever points at it.

    >>> time_html(0.0, UTC)
    '<span title="1970-01-01 00:00:00 UTC">1970-01-01 00:00:00</span>'
    """
    shown = time_text(at, zone)
    return f'<span title="{utc_text(at)}">{shown}</span>' if shown else ""


def _moment(at: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        return None
