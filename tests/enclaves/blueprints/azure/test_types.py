"""What the templates say, held against Microsoft's own types and against what the provider reads."""

import pytest

from enclaves.blueprints.azure.versions import VERSIONS
from enclaves.providers.azure import versions as read
from tests.enclaves.azure_types import FILE, MISSING, AzureTypes
from tests.enclaves.blueprints.azure.examples import account_template, resources, zone_template

WRITTEN = [*resources(account_template()), *resources(zone_template())]


@pytest.fixture(scope="module")
def types():
    if not FILE.exists():
        pytest.skip(MISSING)
    return AzureTypes.read()


@pytest.mark.parametrize(
    "resource", WRITTEN, ids=lambda each: f"{each['type'].split('/', 1)[1]}-{each['name']}"
)
def test_a_resource_is_written_as_microsofts_types_want_it(types, resource):
    remarks = types.remarks(resource["type"], resource["apiVersion"], resource)

    assert [str(remark) for remark in remarks] == []


def test_every_version_in_the_table_is_used():
    assert {(each["type"], each["apiVersion"]) for each in WRITTEN} == set(VERSIONS.items())


def test_the_provider_reads_in_the_versions_that_the_templates_write():
    both = VERSIONS.keys() & read.VERSIONS.keys()

    assert {kind: read.VERSIONS[kind] for kind in both} == {kind: VERSIONS[kind] for kind in both}
    assert len(both) > 5
