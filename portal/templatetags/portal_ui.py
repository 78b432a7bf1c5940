"""The components of the look as template tags; LOOK names, classes and shapes live here and nowhere else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django import template
from django.forms import BoundField, Form
from django.template import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from enclaves.models.access import said_length
from enclaves.views import granting
from portal import words
from portal.prose import prose
from portal.states import GLYPHS, look_of

register = template.Library()

_EXACT: Final = "%Y-%m-%d %H:%M:%S UTC"
_TICKING: Final = {"relative": " data-relative", "left": " data-left"}  # what times.js keeps up to date


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A shape from icons.svg. It carries no text: the word belongs beside it."""
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {classes}" if classes else "",
        static("icons.svg"),
        name,
    )


@register.simple_tag
def shape(kind: str, state: str) -> SafeString:
    """The shape of a state alone, for rows whose word stands elsewhere."""
    look = look_of(kind, state)
    return icon(look.shape, "spin" if look.moving else "")


@register.simple_tag
def tone(kind: str, state: str) -> str:
    return f"is-{look_of(kind, state).tone}"


@register.simple_tag
def glyph(kind: str, state: str) -> str:
    """The sign of a state as an SVG path around 0, for drawings."""
    return GLYPHS[look_of(kind, state).tone]


@register.simple_tag
def status(kind: str, state: str, word: str = "") -> SafeString:
    """A state in a row: shape, colour and word."""
    return format_html(
        '<span class="status {}">{}<span>{}</span></span>',
        tone(kind, state),
        shape(kind, state),
        word or look_of(kind, state).word,
    )


@register.simple_tag
def badge(kind: str, state: str, word: str = "") -> SafeString:
    """A state beside a title."""
    return format_html(
        '<span class="badge {}">{}{}</span>',
        tone(kind, state),
        shape(kind, state),
        word or look_of(kind, state).word,
    )


@register.simple_tag
def moment(at: datetime | None, style: str = "relative") -> SafeString:
    """A time: relative, as "clock" or "exact", or "left" until it; the exact one is always in the title."""
    if at is None:
        return format_html('<span class="quiet">{}</span>', "never")
    at = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.strftime(_EXACT),
        SafeString(_TICKING.get(style, "")),
        _said(at, style),
    )


def _said(at: datetime, style: str) -> str:
    if style == "left":
        return words.left(at, timezone.now())
    if style == "clock":
        return at.strftime("%H:%M:%S")
    if style == "exact":
        return at.strftime("%Y-%m-%d %H:%M:%S")
    return words.relative(at, timezone.now())


@register.simple_tag
def minutes(count: int | None) -> str:
    """A length that people chose, like "30 min" or "4 hours"."""
    return said_length(count) if count is not None else ""


@register.simple_tag(takes_context=True)
def access_url(context: Context, page: str, *args: object) -> str:
    """The address of a page about access, at the tenant or among staff, wherever the reader is."""
    return granting.way(context["request"], page, *args)


@register.filter
def took(length: timedelta | None) -> str:
    return words.took(length) if length is not None else ""


@register.filter
def span(length: timedelta | None) -> str:
    return words.span(length) if length is not None else ""


@register.simple_tag
def identifier(text: object, shown: str = "") -> SafeString:
    """An identifier that can be copied; `shown` shortens what is seen, never what is copied."""
    return format_html('<span class="id"><code>{}</code>{}</span>', shown or text, _copy_button(str(text)))


def _copy_button(text: str) -> SafeString:
    return format_html(
        '<button class="copy" type="button" data-do="copy" data-copy="{0}" '
        'aria-label="Copy {0}">{1}</button>',
        text,
        icon("copy"),
    )


@register.filter
def short(digest: str) -> str:
    """The first figures of a hash, enough to tell two apart by eye."""
    return digest.removeprefix("sha256:")[:8]


@register.filter
def gib(mebibytes: int) -> str:
    return f"{mebibytes / 1024:g} GiB"


@register.filter
def deed(action: str) -> str:
    """The action of an audit event as words: "plan.applied" is "Plan applied"."""
    return action.replace(".", " ").replace("_", " ").capitalize()


@register.filter
def sentence(text: str) -> str:
    """Close what others wrote with a full stop, so that another sentence may follow."""
    return text if not text or text[-1] in ".!?:" else f"{text}."


register.filter(prose)


@register.filter
def pretty(value: Any) -> str:
    """JSON as a person reads it."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)


@register.filter
def facts(detail: dict[str, Any]) -> str:
    """A flat mapping in one line: "hosts 3, revision 14"."""
    return ", ".join(
        f"{key.replace('_', ' ')} {_plain(value)}"
        for key, value in detail.items()
        if value not in ("", None, [])
    )


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, str) and value.startswith("sha256:"):
        return short(value)
    return str(value)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", mono: bool = False, **attributes: Any) -> dict[str, Any]:
    """One form field: label, control, hint or error. Django itself ties hint and error to the control."""
    return {
        "field": bound,
        "kind": bound.widget_type,
        "label": label or bound.label,
        "control": control(bound, mono=mono, **attributes),
    }


@register.simple_tag
def control(bound: BoundField, mono: bool = False, **attributes: Any) -> SafeString:
    """The control of a form field alone; `aria_label="…"` becomes the attribute aria-label."""
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    if bound.widget_type not in _BARE:
        attrs["class"] = "input mono" if mono else "input"
    return bound.as_widget(attrs=attrs)


_BARE: Final = frozenset({"checkbox", "select", "checkboxselectmultiple", "radioselect"})


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: Form) -> dict[str, Any]:
    """What is wrong with the form as a whole."""
    return {"errors": form.non_field_errors()}


@register.simple_tag
def plural(count: int, one: str, many: str = "") -> SafeString:
    """A figure with its noun: "1 host", "3 hosts"."""
    noun = one if count == 1 else many or f"{one}s"
    return conditional_escape(f"{count:,} {noun}")
