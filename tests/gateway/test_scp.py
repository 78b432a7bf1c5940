import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.files import UnreadableTraffic
from gateway.scp import ScpWatch


def test_files_and_folders_are_told_with_their_places():
    watch = ScpWatch("dir", sends=True)

    events = watch.from_person(b"T1 0 1 0\nD0755 0 sub\nC0644 5 one\nhello\0E\nC0600 0 two\n\0")

    assert [event.as_record() for event in events] == [
        {
            "action": "upload",
            "path": "dir/sub/one",
            "size": 5,
            "sha256": hashlib.sha256(b"hello").hexdigest(),
        },
        {"action": "upload", "path": "dir/two", "size": 0, "sha256": hashlib.sha256(b"").hexdigest()},
    ]


@given(some.lists(some.integers(1, 5), max_size=40))
def test_how_the_bytes_are_cut_makes_no_difference(cuts):
    watch, said, events = ScpWatch("dir", sends=False), b"C0644 11 one\nhello world\0", []
    for size in [*cuts, 100]:
        events += watch.from_host(said[:size])
        said = said[size:]

    assert [event.size for event in events] == [11]


def test_a_file_that_was_cut_off_has_no_hash():
    watch = ScpWatch("dir", sends=True)
    watch.from_person(b"C0644 11 one\nhello")

    (event,) = watch.at_end()
    assert (event.size, event.sha256) == (5, None)


@pytest.mark.parametrize(
    ("command", "sends"),
    [
        ("scp -t there", True),
        ("scp -r -p -f /var/log", False),
        ("scp -v -d -t -- there", True),
        ("scp -t .", True),
    ],
)
def test_what_scp_itself_asks_for_is_followed(command, sends):
    assert ScpWatch.of_command(command)._sends is sends


@pytest.mark.parametrize(
    "command",
    [
        "",
        "scp",
        "scp there",
        "scp -t there; id",
        "scp -t $(id)",
        "scp -t there\nid",
        "scp -t `id`",
        "scp -t a b",
        "xscp -t a",
        "scp -t 'a'",
    ],
)
def test_any_other_command_is_recorded_in_full(command):
    assert ScpWatch.of_command(command) is None


@pytest.mark.parametrize("said", [b"hello\n", b"C0644 x y\n", b"C0644 5 ../x\n", b"C0644 5 \n", b"x" * 9000])
def test_what_is_not_scp_does_not_pass(said):
    with pytest.raises(UnreadableTraffic):
        ScpWatch("dir", sends=True).from_person(said)


@given(some.binary(max_size=200))
def test_whatever_is_said_is_followed_or_refused(said):
    try:
        ScpWatch("dir", sends=True).from_person(said)
    except UnreadableTraffic:
        return
