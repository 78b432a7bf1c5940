from django.db import models


class SigningKey(models.Model):
    """A key with which the portal signs what it asserts of itself. The same for all tenants.

    The database lets only the system role write these rows and read the private halves: whoever could
    add a key, or read one, could be the portal in every tenant's subscription.
    """

    kid = models.CharField(max_length=64, primary_key=True)
    public = models.JSONField()  # as the JWKS shows it
    private = models.TextField()  # PEM, encrypted with PORTAL_SIGNING_SECRET
    created_at = models.DateTimeField()  # published from then on
    signs_from = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # published until then; null: has no successor yet

    class Meta:
        ordering = ["created_at"]
        constraints = [
            # Of two sweeps that make a key at the same time, only one can add it.
            models.UniqueConstraint(
                fields=["ends_at"], nulls_distinct=False, name="signing_key_one_without_end"
            ),
        ]

    def __str__(self) -> str:
        return self.kid
