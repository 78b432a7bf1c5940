"""Notifications, the letters about them, and who wants which."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import EnableTenantIsolation, TenantForeignKey


def row_id() -> tuple[str, models.Field]:
    return ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False))


def owner() -> tuple[str, models.Field]:
    key = models.ForeignKey(
        editable=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="%(class)ss",
        to="tenants.tenant",
    )
    return ("tenant", key)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0007_staff"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="seen_until",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                row_id(),
                ("kind", models.CharField(max_length=40)),
                ("source", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=200)),
                ("detail", models.TextField(blank=True)),
                ("link", models.CharField(blank=True, max_length=300)),
                (
                    "people",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("actor_id", models.UUIDField(null=True)),
                ("begun_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("rounds", models.PositiveIntegerField(default=0)),
                owner(),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["tenant", "-changed_at", "-id"], name="notification_by_age"),
                    models.Index(fields=["tenant", "source"], name="notification_by_source"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_notification_tenant_id"),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("tenant", "source", "kind"),
                        name="notification_open_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                row_id(),
                ("round", models.PositiveIntegerField()),
                ("is_end", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now, null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posted",
                        to="tenants.invitation",
                    ),
                ),
                (
                    "notification",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to="tenants.notification",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                owner(),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["due_at"],
                        name="letter_by_due",
                    ),
                    models.Index(fields=["tenant", "user", "made_at"], name="letter_by_reader"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_letter_tenant_id"),
                    models.UniqueConstraint(
                        fields=("tenant", "notification", "user", "round"),
                        name="letter_of_notification_once",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "invitation", "round"), name="letter_of_invitation_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("invitation", None),
                                ("notification__isnull", False),
                                ("user__isnull", False),
                            ),
                            models.Q(("invitation__isnull", False), ("notification", None), ("user", None)),
                            _connector="OR",
                        ),
                        name="letter_has_one_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MailPreference",
            fields=[
                row_id(),
                ("kind", models.CharField(max_length=40)),
                ("wanted", models.BooleanField()),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mail_preferences",
                        to="tenants.membership",
                    ),
                ),
                owner(),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="tenants_mailpreference_tenant_id"),
                    models.UniqueConstraint(fields=("tenant", "member", "kind"), name="mail_preference_once"),
                ],
            },
        ),
        EnableTenantIsolation("tenants_notification"),
        EnableTenantIsolation("tenants_letter"),
        EnableTenantIsolation("tenants_mailpreference"),
        TenantForeignKey("tenants_letter", "notification_id", "tenants_notification"),
        TenantForeignKey("tenants_letter", "invitation_id", "tenants_invitation"),
        TenantForeignKey("tenants_mailpreference", "member_id", "tenants_membership"),
    ]
