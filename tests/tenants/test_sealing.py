"""What is sealed opens with the right secret and purpose only."""

import pytest

from tenants.sealing import Unreadable, seal, unseal


def test_what_was_sealed_is_read_again():
    sealed = seal("totp ada", "JBSWY3DP")

    assert unseal("totp ada", sealed) == "JBSWY3DP"
    assert "JBSWY3DP" not in sealed


def test_what_was_sealed_for_one_purpose_opens_for_no_other():
    sealed = seal("totp ada", "JBSWY3DP")

    with pytest.raises(Unreadable):
        unseal("totp eve", sealed)


def test_another_secret_opens_nothing(settings):
    sealed = seal("totp ada", "JBSWY3DP")
    settings.SEALING_SECRET = "another" * 10

    with pytest.raises(Unreadable):
        unseal("totp ada", sealed)


def test_an_old_secret_still_opens_what_was_sealed_with_it(settings):
    sealed = seal("totp ada", "JBSWY3DP")
    settings.SEALING_OLD_SECRETS = [settings.SEALING_SECRET]
    settings.SEALING_SECRET = "another" * 10

    assert unseal("totp ada", sealed) == "JBSWY3DP"


def test_what_was_changed_on_the_way_is_refused():
    sealed = seal("totp ada", "JBSWY3DP")

    with pytest.raises(Unreadable):
        unseal("totp ada", sealed[:-4] + "AAA=")
