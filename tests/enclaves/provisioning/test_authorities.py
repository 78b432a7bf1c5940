"""The keys that open hosts: made when they are needed, followed in time, and locked."""

from datetime import timedelta

import pytest
from cryptography import x509 as pyca
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import CommandError, call_command
from django.utils import timezone

from enclaves.models import Authority
from enclaves.provisioning import authorities
from enclaves.provisioning.authorities import (
    gateway_authority,
    grant_key,
    grant_keys,
    keep_authorities,
    roots,
    ssh_authority,
    ssh_lines,
    tenant_authority,
)
from enclaves.signing import x509
from enclaves.signing.errors import NotTrusted
from enclaves.signing.rotation import SCHEDULES, Purpose
from enclaves.signing.spiffe import SpiffeId
from tests.enclaves.signing.made import request_for

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "system"])
ENCLAVE, OTHER, TENANT = (f"0000000{n}-0000-4000-8000-000000000000" for n in range(3))
OLD, NEW = "o" * 50, "n" * 50
REQUEST = request_for(ec.generate_private_key(ec.SECP256R1()))
HOST = SpiffeId(
    domain="portal.example",
    tenant="acme",
    cloud="aws",
    account="111122223333",
    zone="prod.aws-us-east-1c",
    host=ENCLAVE,
)


@pytest.fixture(autouse=True)
def secret(settings):
    settings.SSH_SECRET, settings.SSH_OLD_SECRETS, settings.TRUST_DOMAIN = OLD, [], "portal.example"
    return settings


@pytest.fixture
def later(monkeypatch):
    """Let time pass for the keys alone: ``later(days=88)``; says what time it is then."""

    class Clock:
        def __init__(self):
            self.moment = timezone.now()

        def now(self):
            return self.moment

    clock = Clock()
    monkeypatch.setattr(authorities, "timezone", clock)

    def pass_(**span):
        clock.moment += timedelta(**span)
        return clock.moment

    return pass_


def rows(purpose):
    return list(Authority.objects.using("system").filter(purpose=purpose))


def test_each_enclave_has_authorities_of_its_own_which_stay_the_same():
    first, again = (ssh_authority(Purpose.SSH_USERS, ENCLAVE).line for _ in range(2))
    others = [ssh_authority(Purpose.SSH_HOSTS, ENCLAVE).line, ssh_authority(Purpose.SSH_USERS, OTHER).line]

    assert first == again
    assert first not in others
    assert ssh_lines(Purpose.SSH_USERS, ENCLAVE) == [first]
    assert sorted(authorities.every_user_line()) == sorted([first, others[1]])


def test_a_successor_is_told_of_before_it_signs_and_the_old_one_believed_after(later):
    old = ssh_authority(Purpose.SSH_USERS, ENCLAVE).line
    signs, told = [old], []

    for _ in range(6):  # days 87, 88, 89, 90, 91, 92
        later(days=87 if len(signs) == 1 else 1)
        keep_authorities()
        signs.append(ssh_authority(Purpose.SSH_USERS, ENCLAVE).line)
        told.append(ssh_lines(Purpose.SSH_USERS, ENCLAVE))

    new = signs[-1]
    assert signs == [old] * 4 + [new] * 3
    assert told == [[old], [old, new], [old, new], [old, new], [old, new], [new]]
    assert len(rows(Purpose.SSH_USERS)) == 1  # what nobody believes is forgotten


def test_two_sweeps_at_once_make_one_successor(later):
    grant_key()
    later(days=88)
    row = rows(Purpose.GRANTS)[0]
    wanted = authorities.rotation.due([row], SCHEDULES[Purpose.GRANTS], authorities.timezone.now())

    for _ in range(2):
        authorities._succeed(row, wanted)
    keep_authorities()

    assert (len(rows(Purpose.GRANTS)), len(grant_keys())) == (2, 2)


def test_a_host_that_an_old_intermediate_vouched_for_is_believed_beside_new_ones(later):
    now = later()
    before = tenant_authority("acme", TENANT)
    old = pyca.load_pem_x509_certificates(x509.host_identity(before, REQUEST, HOST, now=now).encode())
    now = later(days=91)
    keep_authorities()
    after = tenant_authority("acme", TENANT)
    long = timedelta(days=30)  # as if it had been made then, and lasted
    new = pyca.load_pem_x509_certificates(x509.host_identity(after, REQUEST, HOST, now=now).encode())
    known = pyca.load_pem_x509_certificates(roots(Purpose.HOSTS).encode())

    assert before.certificate.subject == after.certificate.subject
    assert before.certificate != after.certificate
    assert x509.verify_peer(new, known, now) == HOST
    assert x509.verify_peer(old, known, now - timedelta(days=91)) == HOST
    stretched = x509.host_identity(before, REQUEST, HOST, now=now, lasts=long).encode()
    assert x509.verify_peer(pyca.load_pem_x509_certificates(stretched), known, now) == HOST


def test_hosts_are_believed_while_their_root_is_replaced(later):
    def certified(now):
        chain = x509.host_identity(tenant_authority("acme", TENANT), REQUEST, HOST, now=now)
        return pyca.load_pem_x509_certificates(chain.encode())

    def known():
        return pyca.load_pem_x509_certificates(roots(Purpose.HOSTS).encode())

    tenant_authority("acme", TENANT)
    call_command("replace_keys", "hosts", verbosity=0)
    now = later(days=2, minutes=1)
    old = certified(now)
    call_command("replace_keys", "tenant-hosts", verbosity=0)
    new, both = certified(now), known()
    now = later(days=1)

    assert [x509.verify_peer(chain, both, now - timedelta(days=1)) for chain in (old, new)] == [HOST, HOST]
    assert (len(both), len(known())) == (2, 1)
    with pytest.raises(NotTrusted):
        x509.verify_peer(old, known(), now - timedelta(days=1))
    assert x509.verify_peer(certified(now), known(), now) == HOST


def test_the_roots_of_gateways_are_told_a_year_before_they_sign(later):
    before = gateway_authority().certificate
    later(days=4 * 365)
    keep_authorities()

    told = pyca.load_pem_x509_certificates(roots(Purpose.GATEWAYS).encode())
    assert (len(told), gateway_authority().certificate) == (2, before)
    later(days=366)
    assert gateway_authority().certificate == told[1]


def test_keys_are_replaced_early_and_what_they_signed_is_over(later, capsys):
    old = [ssh_authority(Purpose.SSH_USERS, enclave).line for enclave in (ENCLAVE, OTHER)]
    later(days=88)
    keep_authorities()  # one that was going to follow is there already
    between = ssh_lines(Purpose.SSH_USERS, ENCLAVE)[1]
    call_command("replace_keys", "ssh-users", "--scope", ENCLAVE)
    told = ssh_lines(Purpose.SSH_USERS, ENCLAVE)
    signs = ssh_authority(Purpose.SSH_USERS, ENCLAVE).line
    later(minutes=61)
    new = ssh_authority(Purpose.SSH_USERS, ENCLAVE).line

    said = "1 of ssh-users: new ones sign in 1 h, the old ones are over in 1 h.\n"
    assert capsys.readouterr().out == said
    assert (sorted(told), signs) == (sorted([old[0], between, new]), old[0])
    assert ssh_lines(Purpose.SSH_USERS, ENCLAVE) == [new]
    assert ssh_authority(Purpose.SSH_USERS, OTHER).line == old[1]
    with pytest.raises(CommandError, match="no key of grants"):
        call_command("replace_keys", "grants")


def test_an_old_root_of_gateways_is_believed_until_each_has_a_new_certificate(later):
    old = gateway_authority()
    call_command("replace_keys", "gateways", verbosity=0)
    later(hours=2)
    told = pyca.load_pem_x509_certificates(roots(Purpose.GATEWAYS).encode())

    assert told == [old.certificate, gateway_authority().certificate]
    later(days=2)
    assert pyca.load_pem_x509_certificates(roots(Purpose.GATEWAYS).encode()) == told[1:]


def test_a_new_secret_locks_what_an_old_one_did_which_is_needed_no_more(secret):
    line, grants = ssh_authority(Purpose.SSH_USERS, ENCLAVE).line, grant_keys()
    secret.SSH_SECRET, secret.SSH_OLD_SECRETS = NEW, [OLD]
    keep_authorities()
    secret.SSH_OLD_SECRETS = []

    assert ssh_authority(Purpose.SSH_USERS, ENCLAVE).line == line
    assert [key.public_bytes_raw() for key in grant_keys()] == [key.public_bytes_raw() for key in grants]


def test_with_a_secret_that_does_not_fit_nothing_is_opened_and_the_sweep_goes_on(secret, caplog):
    grant_key()
    secret.SSH_SECRET, secret.SSH_OLD_SECRETS = NEW, ["x" * 50]

    keep_authorities()

    assert "not what the keys of hosts were locked with" in caplog.text
    with pytest.raises(authorities.KeyBoxError):
        grant_key()


def test_without_the_secret_no_key_is_made_opened_or_followed(secret, later):
    ssh_authority(Purpose.SSH_USERS, ENCLAVE)
    secret.SSH_SECRET = ""
    later(days=89)
    keep_authorities()

    assert len(rows(Purpose.SSH_USERS)) == 1
    assert len(ssh_lines(Purpose.SSH_USERS, ENCLAVE)) == 1  # what is public can be told
    with pytest.raises(authorities.NoSecret):
        ssh_authority(Purpose.SSH_USERS, ENCLAVE)
    with pytest.raises(authorities.NoSecret):
        ssh_lines(Purpose.SSH_USERS, OTHER)
