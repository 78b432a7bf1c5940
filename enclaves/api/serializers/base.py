"""What serializers of several nouns share."""

from typing import Any

from rest_framework import serializers


class TextOrNull(serializers.CharField):
    """A text that is not known yet while its column is empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, allow_null=True, **options)

    def to_representation(self, value: str) -> Any:
        return value or None


class StrictSerializer(serializers.Serializer[Any]):
    """Input that is refused if it names something unknown, so that no typing error passes in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {
                    str(name): f"{name} is not known here; known are {known}."
                    for name in sorted(unknown, key=str)
                }
            )
        return super().to_internal_value(data)


class CheckCountsSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField(source="checks_total")
    passed = serializers.IntegerField(source="checks_passed")


class HostCountsSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField(source="hosts_total", help_text="All that are not deprovisioned.")
    active = serializers.IntegerField(source="hosts_active")
    moving = serializers.IntegerField(source="hosts_moving", help_text="On their way up or down.")
    failed = serializers.IntegerField(source="hosts_failed")
    parked = serializers.IntegerField(source="hosts_parked")
