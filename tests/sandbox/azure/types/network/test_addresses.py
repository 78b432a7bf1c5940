import pytest

from sandbox.azure.errors import ArmError
from sandbox.azure.types.network import addresses
from sandbox.azure.types.network.addresses import AddressBook

SUBNET = {"name": "s", "properties": {"addressPrefixes": ["10.0.0.0/29", "fd00::/64"]}}


@pytest.mark.parametrize("prefix", ["10.0.0.0/8", "fd00::/8", "2001:DB8::/32", "10.0.0.1/32"])
def test_a_range_is_written_with_its_prefix(prefix):
    assert str(addresses.parse(prefix)) == prefix.lower()


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.0.0.1/8", "InvalidCIDRNotation"),
        ("10.0.0.0", "InvalidCIDRNotation"),
        ("10.0.0.0/40", "InvalidAddressPrefixFormat"),
        ("", "InvalidAddressPrefixFormat"),
    ],
)
def test_what_is_no_range_is_refused(prefix, code):
    with pytest.raises(ArmError) as refused:
        addresses.parse(prefix)

    assert refused.value.code == code


def test_families_neither_contain_nor_overlap_each_other():
    four, six = addresses.parse("0.0.0.0/0"), addresses.parse("::/0")

    assert (addresses.contains(four, six), addresses.overlap(four, six)) == (False, False)


def test_the_first_four_addresses_and_the_last_are_kept():
    book, given = AddressBook(), []
    for number in range(3):
        given.append(book.next_free(SUBNET, "IPv4"))
        book.book(given[-1], f"nic-{number}")

    assert given == ["10.0.0.4", "10.0.0.5", "10.0.0.6"]
    with pytest.raises(ArmError) as full:
        book.next_free(SUBNET, "IPv4")
    assert full.value.code == "SubnetIsFull"


def test_the_lowest_address_that_is_free_is_given():
    book = AddressBook()
    for address in ("10.0.0.4", "10.0.0.5"):
        book.book(address, "nic")
    assert book.next_free(SUBNET, "IPv4") == "10.0.0.6"

    book.release("10.0.0.4")

    assert (book.next_free(SUBNET, "IPv4"), book.holder("10.0.0.5")) == ("10.0.0.4", "nic")
    assert book.next_free(SUBNET, "IPv4", besides=["10.0.0.4"]) == "10.0.0.6"
