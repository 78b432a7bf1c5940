import asyncio

import asyncssh
import pytest

from gateway.authorities import Authorities
from gateway.portal import PortalUnreachable

KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER = asyncssh.generate_private_key("ssh-ed25519")


class Portal:
    def __init__(self):
        self.keys = [KEY]
        self.asked = 0
        self.is_away = False

    async def user_authorities(self):
        self.asked += 1
        if self.is_away:
            raise PortalUnreachable("away")
        return [key.export_public_key().decode() for key in self.keys]


@pytest.fixture
def portal():
    return Portal()


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def knows(portal, clock):
    authorities = Authorities(portal, lambda: clock[0])
    return lambda key: asyncio.run(authorities.knows(key))


def test_what_the_portal_names_is_known_and_nothing_else(knows):
    assert knows(KEY)
    assert not knows(OTHER)


def test_strangers_do_not_make_the_portal_be_asked_for_each(knows, portal):
    for _ in range(50):
        knows(OTHER)

    assert portal.asked == 1


def test_a_new_authority_is_known_soon(knows, portal, clock):
    knows(KEY)
    portal.keys.append(OTHER)
    clock[0] += 3

    assert knows(OTHER)


def test_one_that_was_taken_back_is_forgotten_within_a_minute(knows, portal, clock):
    knows(KEY)
    portal.keys = [OTHER]
    clock[0] += 61

    assert not knows(KEY)


def test_while_the_portal_is_away_what_was_known_stays(knows, portal, clock):
    knows(KEY)
    portal.is_away = True
    clock[0] += 600

    assert knows(KEY)
    assert not knows(OTHER)
