from portal.local import run_development
from portal.management.local import LocalCommand


class Command(LocalCommand):
    help = "Start the portal for development, with settings from the environment."
    start = staticmethod(run_development)
