from django.db import models


class Authority(models.Model):
    """A key with which the portal vouches for people, hosts and gateways; see enclaves/signing.

    Only the system role sees these rows: the signer, which answers gateways, and the worker, which tells
    hosts at their birth whom to believe.
    """

    purpose = models.CharField(max_length=20)  # see signing.rotation.Purpose
    scope = models.CharField(max_length=36, blank=True)  # id of the enclave or tenant; empty: of the portal
    public = models.TextField()  # PEM: the public key, or the certificate of an X.509 authority
    private = models.BinaryField()  # locked with PORTAL_SSH_SECRET
    created_at = models.DateTimeField()  # believed from then on
    signs_from = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # believed until then; null: has no successor yet

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            # Of two processes that make a key at the same time, only one can add it.
            models.UniqueConstraint(
                fields=["purpose", "scope", "ends_at"],
                nulls_distinct=False,
                name="authority_one_without_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.scope} from {self.signs_from:%Y-%m-%d}"
