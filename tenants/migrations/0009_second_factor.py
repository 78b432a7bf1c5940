from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_sign_on")]

    operations = [
        migrations.AddField(
            "tenant", "requires_second_factor", models.BooleanField(default=False, editable=False)
        ),
    ]
