from django.contrib import admin

from enclaves.models import Zone


@admin.register(Zone)
class ZoneAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    list_display = ["name", "environment", "cloud", "region", "availability_zone_ids", "is_open"]
    list_filter = ["environment", "cloud", "is_open"]
    search_fields = ["name", "region"]
