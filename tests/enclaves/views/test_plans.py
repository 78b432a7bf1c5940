import pytest

from enclaves.blueprints import blueprint
from enclaves.views import plans

HOST = {
    "cluster": "query",
    "machine": "m7g.large",
    "architecture": "arm64",
    "disk_gib": 50,
    "confidential": "none",
    "availability_zone_id": "use1-az6",
}
NOTHING = {"create": [], "replace": [], "remove": [], "stay": 0, "image": None}


@pytest.mark.parametrize(
    ("numbers", "names"),
    [
        ([1], "query-1"),
        ([3, 1, 2], "query-1 to query-3"),
        ([1, 4, 5], "query-1, query-4, query-5"),
        ([], ""),
    ],
)
def test_runs_of_numbers_read_as_ranges(numbers, names):
    assert plans.names_of("query", numbers) == names


def test_a_thousand_like_hosts_are_one_line():
    plan = {**NOTHING, "create": [{**HOST, "number": number} for number in range(1, 1001)]}

    [line] = plans.lines(plan)

    assert (line.names, line.end) == ("query-1 to query-1000", "1,000 hosts")


def test_each_reason_to_remove_or_replace_has_its_line():
    gone = [{"name": "query-1", "why": "no longer wanted"}]
    failed = [{"name": "query-2", "why": "it failed"}]

    removed = plans.lines({**NOTHING, "remove": gone, "replace": failed})

    assert [(line.verb, line.names, line.note) for line in removed] == [
        ("Replace", "query-2", ": it failed"),
        ("Remove", "query-1", ": no longer wanted"),
    ]


def test_a_new_image_is_told_where_there_was_one():
    image = {"from": "one@sha256:1", "to": "one@sha256:2"}

    [line] = plans.lines({**NOTHING, "image": image})

    assert line.changes == "one@sha256:1 → one@sha256:2"
    assert plans.lines({**NOTHING, "image": {"from": "", "to": "one"}}) == []


@pytest.mark.parametrize(
    ("cloud", "level", "told"),
    [("azure", "enclave", 1), ("azure", "vm", 1), ("aws", "enclave", 0), ("aws", "none", 0)],
)
def test_what_to_know_beforehand_is_told_with_the_plan(cloud, level, told):
    clusters = [{"confidential": level}, {"confidential": "none"}]

    assert len(plans.caveats({"clusters": clusters}, blueprint(cloud).words)) == told
