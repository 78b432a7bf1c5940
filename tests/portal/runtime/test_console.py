from io import BytesIO, StringIO

from portal.runtime.console import Console


class Screen(StringIO):
    def isatty(self) -> bool:
        return True


def test_each_line_carries_the_name_of_its_program(tmp_path, terminal):
    console = Console(tmp_path, terminal=terminal)

    console.follow("web", BytesIO(b"one\ntwo\n"), is_shown=True).join()

    assert terminal.getvalue() == "web       | one\nweb       | two\n"
    assert (tmp_path / "web.log").read_bytes() == b"one\ntwo\n"


def test_what_is_not_shown_is_kept(tmp_path, terminal):
    console = Console(tmp_path, terminal=terminal)

    console.follow("postgres", BytesIO(b"checkpoint\n"), is_shown=False).join()

    assert (terminal.getvalue(), console.tail("postgres")) == ("", "checkpoint")


def test_programs_are_told_apart_by_colour_on_a_screen(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    console = Console(tmp_path, terminal=(screen := Screen()))

    console.follow("web", BytesIO(b"one\n"), is_shown=True).join()
    console.follow("worker", BytesIO(b"one\n"), is_shown=True).join()

    assert screen.getvalue() == "\033[36mweb       |\033[0m one\n\033[33mworker    |\033[0m one\n"


def test_a_person_may_want_no_colour(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(tmp_path, terminal=(screen := Screen()))

    console.follow("web", BytesIO(b"one\n"), is_shown=True).join()

    assert screen.getvalue() == "web       | one\n"


def test_bytes_that_are_no_text_are_shown_all_the_same(tmp_path, terminal):
    console = Console(tmp_path, terminal=terminal)

    console.follow("web", BytesIO(b"\xff\xfe end"), is_shown=True).join()

    assert terminal.getvalue() == "web       | \ufffd\ufffd end\n"
