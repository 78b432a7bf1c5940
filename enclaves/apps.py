from django.apps import AppConfig


class EnclavesConfig(AppConfig):
    name = "enclaves"
