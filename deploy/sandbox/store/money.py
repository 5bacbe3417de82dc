"""Integer arithmetic of amounts: rounding, shares, and how an amount looks in JSON."""

from __future__ import annotations

UNIT = 100  # hundredths in a quantity of one
WHOLE = 100_000  # thousandths of a per cent in 100 %
RATE_SCALE = 10_000  # exchange rates have four places


def half_up(numerator: int, denominator: int) -> int:
    """The nearest integer; halves go away from zero, as PHP rounds."""
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def share(amount: int, part: int, whole: int) -> int:
    """`part` of `whole` of an amount."""
    return amount if part == whole else half_up(amount * part, whole)


def number(amount: int) -> int | float:
    """Cents (or hundredths) as PHP's JSON writes them: no trailing zeros, no decimal point where none is needed."""
    return amount // 100 if amount % 100 == 0 else amount / 100


def text(amount: int) -> str:
    """Cents as a decimal string with two places."""
    sign = "-" if amount < 0 else ""
    whole, cents = divmod(abs(amount), 100)
    return f"{sign}{whole}.{cents:02d}"


def percent(rate: int) -> int | float:
    """A rate as a number of per cent."""
    return rate // 1000 if rate % 1000 == 0 else rate / 1000


def percent_text(rate: int) -> str:
    """A rate as a decimal string without trailing zeros."""
    return str(percent(rate))
