"""The default catalogue of zones; from here on it is data, edited in the admin."""

import csv
from pathlib import Path

from django.db import migrations

CATALOGUE = Path(__file__).resolve().parent.parent / "zones.tsv"


def add_zones(apps, schema_editor):
    Zone = apps.get_model("enclaves", "Zone")
    with CATALOGUE.open(newline="") as lines:
        zones = [
            Zone(
                name=row["zone"],
                environment=row["environment"],
                cloud=row["cloud"],
                region=row["cloud_region"],
                availability_zone_ids=row["availability_zone_ids"].split(","),
            )
            for row in csv.DictReader(lines, delimiter="\t")
        ]
    Zone.objects.bulk_create(zones, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("enclaves", "0002_isolation")]

    operations = [migrations.RunPython(add_zones, migrations.RunPython.noop)]
