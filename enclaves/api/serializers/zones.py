from rest_framework import serializers

from enclaves.models import Cloud, Zone


class ZoneSerializer(serializers.Serializer[Zone]):
    """A place where the vendor offers to run."""

    name = serializers.CharField()
    environment = serializers.CharField()
    cloud = serializers.ChoiceField(Cloud.choices)
    region = serializers.CharField()
    availability_zone_ids = serializers.ListField(child=serializers.CharField())
    is_open = serializers.BooleanField(help_text="Whether new enclaves can be created here.")
