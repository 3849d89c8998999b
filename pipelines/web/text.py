"""Text from other systems, made safe to show and to export.

Names and reasons come from files that anyone may have written. HTML escaping is Jinja's task; here are the two
dangers that remain: characters that are invisible or turn the reading direction, and cells that a spreadsheet would
run as a formula.
"""

from __future__ import annotations

import unicodedata
from typing import Any

_FORMULA_STARTS = tuple("=+-@＝＋－＠")
_CONTROL_STARTS = ("\t", "\r", "\0")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})
_LINE_ENDS = str.maketrans("\t\r\n", "   ")


def is_invisible(mark: str) -> bool:
    """Whether a character shows nothing of its own: controls, direction marks, zero-width, private use."""
    return unicodedata.category(mark) in _INVISIBLE


def shown(value: Any) -> str:
    """The text on one line, with every other invisible character spelt out, as ``[U+202E]``."""
    text = str(value)
    return text if text.isprintable() else _spelt_out(text.translate(_LINE_ENDS))


def guarded(value: str | None) -> str | None:
    """The text as a spreadsheet cell that is never a formula: a leading apostrophe where it could be one.

    Invisible characters are spelt out, tabs and line ends kept.
    """
    if value is None:
        return None
    is_risky = value.startswith(_CONTROL_STARTS) or value.lstrip().startswith(_FORMULA_STARTS)
    text = value if value.isprintable() else _spelt_out(value)
    return f"'{text}" if is_risky else text


def _spelt_out(text: str) -> str:
    return "".join(f"[U+{ord(mark):04X}]" if is_invisible(mark) and mark not in "\t\r\n" else mark for mark in text)
