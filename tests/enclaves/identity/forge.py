"""Documents as clouds sign them, and as nobody should believe them: every part can be another one."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HASHES = {
    "sha1": hashes.SHA1(),  # noqa: S303 -- to see it refused
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
}


@cache
def rsa_key(number=0, bits=2048):
    """The same key for the same number: making one takes a tenth of a second."""
    return rsa.generate_private_key(65537, bits)


def name(common):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def certificate(
    key,
    common,
    *,
    by=None,
    names=(),
    purposes=("server", "client"),
    authority=False,
    serial=None,
    ends=10 * HOUR,
):
    """A certificate by itself, or by `(key, certificate)`."""
    signer, issuer = by or (key, None)
    oids = {"server": x509.ExtendedKeyUsageOID.SERVER_AUTH, "client": x509.ExtendedKeyUsageOID.CLIENT_AUTH}
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(issuer.subject if issuer else name(common))
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(NOW - HOUR)
        .not_valid_after(NOW + ends)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if authority:
        builder = builder.add_extension(_signs_certificates(), critical=True)
    else:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([oids[purpose] for purpose in purposes]), critical=False
        )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def _signs_certificates():
    return x509.KeyUsage(False, False, False, False, False, True, True, False, False)


def der(made):
    return made.public_bytes(serialization.Encoding.DER)


def document(content, key, signer, **changes):
    """A document in CMS. `changes` name what is to be otherwise; see below what there is."""
    wish = {
        "digest": "sha256",
        "attributes": True,
        "embed": (),
        "signers": 1,
        "sum_of": content,
        "attribute_type": "data",
        "named": signer,
        "repeat": False,
        "drop": (),
    } | changes
    info = _signer_info(content, key, wish)
    parsed = [asn1_x509.Certificate.load(der(one)) for one in wish["embed"]]
    data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": wish["digest"]}],
            "encap_content_info": {"content_type": "data", "content": content},
            "certificates": parsed or None,
            "signer_infos": [info] * wish["signers"],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()


def _signer_info(content, key, wish):
    attributes = _attributes(wish) if wish["attributes"] else None
    signed = attributes.dump() if attributes is not None else content
    kind = {rsa.RSAPrivateKey: "rsassa_pkcs1v15", dsa.DSAPrivateKey: f"{wish['digest']}_dsa"}
    issuer = asn1_x509.Name.load(wish["named"].issuer.public_bytes())
    made = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number", {"issuer": issuer, "serial_number": wish["named"].serial_number}
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": wish["digest"]}),
        "signature_algorithm": algos.SignedDigestAlgorithm(
            {"algorithm": wish.get("algorithm") or _kind_of(key, kind, wish["digest"])}
        ),
        "signature": _signature(key, signed, wish["digest"]),
    }
    if attributes is not None:
        made["signed_attrs"] = attributes
    return cms.SignerInfo(made)


def _kind_of(key, kinds, digest):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return f"{digest}_ecdsa"
    return next(named for kind, named in kinds.items() if isinstance(key, kind))


def _attributes(wish):
    checksum = hashlib.new(wish["digest"], wish["sum_of"]).digest()
    parts = [
        {"type": "content_type", "values": [wish["attribute_type"]]},
        {"type": "message_digest", "values": [core.OctetString(checksum)]},
    ]
    parts = [part for part in parts if part["type"] not in wish["drop"]]
    return cms.CMSAttributes(parts + parts[-1:] * wish["repeat"])


def _signature(key, signed, digest):
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15(), HASHES[digest])
    if isinstance(key, dsa.DSAPrivateKey):
        return key.sign(signed, HASHES[digest])
    return key.sign(signed, ec.ECDSA(HASHES[digest]))


def handed_out(raw):
    """As a metadata service writes it: base64 in lines."""
    return base64.encodebytes(raw)


def told(facts):
    return json.dumps(facts).encode()
