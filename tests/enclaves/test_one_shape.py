"""One shape for all clouds: what differs stands in providers, blueprints, documents and catalogue alone."""

import ast
import re
from pathlib import Path

import pytest

from enclaves.models import Cloud

ROOT = Path(__file__).parents[2]
CLOUDS = {str(cloud) for cloud in Cloud}
# Where a cloud may be told from another.
OWN = (
    "enclaves/providers/",
    "enclaves/blueprints/",
    "enclaves/provisioning/catalogue.py",
    "enclaves/identity/documents.py",  # each cloud vouches for its machines in a form of its own
)
# What plays the clouds and their people in the demo and the tests; no part of the product.
DEMO = re.compile(r"portal/(runtime/|local|guide|manual|seeding|pretending|testing_|management/)")
SOURCES = [
    path
    for package in ("portal", "tenants", "enclaves")
    for path in sorted((ROOT / package).rglob("*.py"))
    if not str(path.relative_to(ROOT)).startswith(OWN)
    and not DEMO.match(str(path.relative_to(ROOT)))
    and "migrations" not in path.parts
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CONDITION = re.compile(r"""{%\s*(?:el)?if\b[^%]*(?:\.cloud\b|["'](?:aws|azure)["'])""")


def names_a_cloud(node):
    """A member of Cloud, or its value written out."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(names_a_cloud(each) for each in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and node.value.rstrip(":").lower() in CLOUDS
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Cloud"


def written_out(node):
    return isinstance(node, ast.Constant) and node.value in CLOUDS


def nodes(tree):
    """Every part of a program but the table of loggers, whose names are those of libraries."""
    for part in tree.body:
        if not (isinstance(part, ast.Assign) and getattr(part.targets[0], "id", "") == "LOGGING"):
            yield from ast.walk(part)


def patterns(case):
    return [each.value for each in ast.walk(case.pattern) if isinstance(each, ast.MatchValue)]


def distinctions(tree):
    """Yield the lines on which a program asks which cloud it is."""
    for node in nodes(tree):
        if isinstance(node, ast.Compare):
            found = any(map(names_a_cloud, (node.left, *node.comparators)))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asks = node.func.attr in ("startswith", "endswith", "removeprefix")
            found = asks and any(map(names_a_cloud, node.args))
        elif isinstance(node, ast.Dict):
            found = any(written_out(key) for key in node.keys)
        elif isinstance(node, ast.match_case):
            found = any(map(names_a_cloud, patterns(node)))
        else:
            found = isinstance(node, ast.Subscript) and written_out(node.slice)
        if found:
            yield getattr(node, "lineno", 0)


def test_the_walk_finds_the_sources():
    walked = {str(path.relative_to(ROOT)) for path in SOURCES}

    assert {"enclaves/services/accounts.py", "enclaves/views/drawing.py", "portal/settings.py"} < walked
    assert not any(name.startswith(OWN) for name in walked)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_cloud_is_told_from_another(path):
    assert list(distinctions(ast.parse(path.read_text()))) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_asks_which_cloud_it_shows(path):
    assert CONDITION.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "if account.cloud == 'aws': pass",
        "if cloud != Cloud.AZURE: pass",
        "wanted = cloud in ('aws', 'azure')",
        "names = {'aws': 1}",
        "names['azure']",
        "if str(account).startswith('azure:'): pass",
        "match cloud:\n    case Cloud.AWS: pass",
        "match cloud:\n    case 'azure' | 'other': pass",
    ],
)
def test_every_way_to_ask_is_found(source):
    assert len(list(distinctions(ast.parse(source)))) == 1


@pytest.mark.parametrize("condition", ["{% if account.cloud == x %}", "{% elif name == 'aws' %}"])
def test_a_page_that_asks_is_found(condition):
    assert CONDITION.search(condition)


@pytest.mark.parametrize(
    "source", ["PROVIDERS = {Cloud.AWS: 1}", "rows.filter(cloud=account.cloud)", "text = 'an AWS account'"]
)
def test_what_only_names_a_cloud_is_allowed(source):
    assert list(distinctions(ast.parse(source))) == []
