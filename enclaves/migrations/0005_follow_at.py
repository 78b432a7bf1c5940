"""When a cloud that works on a launch wants to be asked again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("enclaves", "0004_azure"),
    ]

    operations = [
        migrations.AddField(
            model_name="host",
            name="follow_at",
            field=models.DateTimeField(null=True),
        ),
    ]
