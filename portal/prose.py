"""The little of Markdown that our own texts use: paragraphs, numbered lists, code, bold and italic."""

import re
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString

_INLINE: Final = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*\s][^*]*)\*"), r"<em>\1</em>"),
)
_ITEM: Final = re.compile(r"^(?:\d+\.|\*) +", re.MULTILINE)


def prose(text: str) -> SafeString:
    """Text as HTML; whatever is not one of the marks is shown as it stands."""
    return SafeString("".join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block))


def _block(block: str) -> str:
    if not _ITEM.match(block):
        return f"<p>{_inline(block)}</p>"
    tag = "ol" if block[0].isdigit() else "ul"
    items = "".join(f"<li>{_inline(item.strip())}</li>" for item in _ITEM.split(block) if item.strip())
    return f'<{tag} class="{"numbered" if tag == "ol" else "bulleted"}">{items}</{tag}>'


def _inline(text: str) -> str:
    html = str(escape(text))
    # Code first, and set aside: a star inside of it is a star.
    parts = re.split(r"(`[^`]+`)", html)
    return "".join(_marked(part) for part in parts)


def _marked(part: str) -> str:
    marks = _INLINE[:1] if part.startswith("`") else _INLINE[1:]
    for pattern, replacement in marks:
        part = pattern.sub(replacement, part)
    return part
