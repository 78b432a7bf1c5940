"""The vendor's people. Nobody can be staff and a member of a tenant: the foreign keys that say so are
checked past row-level security, and so that of two who try at the same time only one succeeds."""

import uuid

import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import revoke

ROLES = [("support", "support"), ("approver", "approver"), ("operator", "operator")]

# A user has one side, and each of the two tables takes users of its own side only.
SIDES = """
UPDATE tenants_user SET is_staff = false;
ALTER TABLE tenants_user ADD CONSTRAINT user_on_one_side UNIQUE (id, is_staff);
ALTER TABLE tenants_membership ADD COLUMN user_is_staff boolean GENERATED ALWAYS AS (false) STORED;
ALTER TABLE tenants_membership ADD CONSTRAINT membership_of_no_staff
    FOREIGN KEY (user_id, user_is_staff) REFERENCES tenants_user (id, is_staff);
ALTER TABLE tenants_staffmember ADD CONSTRAINT staff_on_its_side
    FOREIGN KEY (user_id, is_active) REFERENCES tenants_user (id, is_staff) DEFERRABLE INITIALLY DEFERRED;
"""
NO_SIDES = """
ALTER TABLE tenants_staffmember DROP CONSTRAINT staff_on_its_side;
ALTER TABLE tenants_membership DROP COLUMN user_is_staff;
ALTER TABLE tenants_user DROP CONSTRAINT user_on_one_side;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0009_second_factor"),
    ]

    operations = [
        migrations.RemoveField(model_name="user", name="groups"),
        migrations.RemoveField(model_name="user", name="user_permissions"),
        migrations.RemoveField(model_name="user", name="is_superuser"),
        migrations.AlterField(
            model_name="user",
            name="is_staff",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.CreateModel(
            name="StaffEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor", models.CharField(max_length=200)),
                ("action", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=254)),
                (
                    "detail",
                    models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-recorded_at", "-id"], name="staff_event_by_age")],
            },
        ),
        migrations.CreateModel(
            name="StaffMember",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=ROLES, max_length=20)
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staff",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("roles__len__gt", 0)), name="staff_has_a_role"
                    ),
                ],
            },
        ),
        migrations.RunSQL(SIDES, NO_SIDES),
        # What was recorded stays as it was recorded; people who leave stay known.
        migrations.RunSQL(revoke("UPDATE, DELETE", "tenants_staffevent"), migrations.RunSQL.noop),
        migrations.RunSQL(revoke("DELETE", "tenants_staffmember"), migrations.RunSQL.noop),
    ]
