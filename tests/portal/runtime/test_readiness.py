import socket

from portal.runtime.readiness import answers, answers_http, free_port


def test_the_preferred_port_is_taken_if_it_is_free():
    preferred = free_port()

    assert free_port(preferred) == preferred


def test_a_port_in_use_is_never_given():
    with socket.create_server(("127.0.0.1", 0)) as server:
        used = server.getsockname()[1]

        assert free_port(used) != used


def test_a_port_answers_when_somebody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        assert answers(port)()

    assert not answers(port)()
    assert not answers_http(port, "/")()
