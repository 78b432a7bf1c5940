from cryptography import x509

from sandbox.notary import ChainNotary, RegionalNotary


def test_each_region_has_a_certificate_of_its_own_and_keeps_it():
    notary = RegionalNotary()

    here, there = notary.certificate("us-east-1"), notary.certificate("eu-west-1")

    assert here != there
    assert here == notary.certificate("us-east-1")


def test_a_chain_is_told_without_the_certificate_that_documents_bring_along():
    notary = ChainNotary("metadata.example")

    told = {
        name: x509.load_pem_x509_certificates(pem.encode()) for name, pem in notary.certificates().items()
    }

    [root], [middle] = told["roots"], told["intermediates"]
    assert middle.issuer == root.subject == root.issuer
    assert b"metadata.example" in notary.sign(b"content")


def test_two_sandboxes_share_no_keys():
    assert RegionalNotary().certificate("us-east-1") != RegionalNotary().certificate("us-east-1")
