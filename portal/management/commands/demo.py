from portal.local import run_demo
from portal.management.local import LocalCommand


class Command(LocalCommand):
    help = "Start everything with a pretend cloud and two tenants."
    start = staticmethod(run_demo)
