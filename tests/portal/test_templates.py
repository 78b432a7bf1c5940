"""Every template and script keeps to the content security policy and to the size that can be read."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
SPRITE = ROOT / "static" / "icons.svg"

INLINE = re.compile(
    r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:|\bdata:[a-z]+/|hx-on", re.IGNORECASE
)
REMOTE = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?https?://""", re.IGNORECASE)
RAW_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\(", re.IGNORECASE)


def ids(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", TEMPLATES, ids=ids(TEMPLATES))
def test_a_template_compiles_and_holds_nothing_inline_or_from_elsewhere(path):
    get_template(str(path.relative_to(ROOT / "templates")))
    text = path.read_text()

    assert INLINE.findall(text) == []
    assert REMOTE.findall(text) == []
    assert len(text.splitlines()) <= 120


@pytest.mark.parametrize("path", [*STYLES, *SCRIPTS], ids=ids([*STYLES, *SCRIPTS]))
def test_an_asset_fetches_nothing_from_elsewhere_and_evaluates_nothing(path):
    text = path.read_text()

    assert REMOTE.findall(text) == []
    assert re.findall(r"\beval\(|new Function|\bdata:[a-z]+/", text) == []


@pytest.mark.parametrize(
    "path", [path for path in STYLES if path.name != "tokens.css"], ids=lambda path: path.name
)
def test_colours_live_in_the_tokens_only(path):
    assert RAW_COLOUR.findall(path.read_text()) == []


def test_every_icon_that_is_asked_for_exists():
    known = set(re.findall(r'<symbol id="([\w-]+)"', SPRITE.read_text()))
    asked = {name for path in TEMPLATES for name in re.findall(r'{% icon "([\w-]+)"', path.read_text())}

    assert asked - known == set()
