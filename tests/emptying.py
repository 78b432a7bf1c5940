"""How the tables are emptied after a test that commits."""

from django.core.management import call_command
from django.db import connection


def forget_everything(*_: object) -> None:
    """Empty all tables; slower where the tests' server is somebody's who gave us no superuser."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('forget_everything') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute("SELECT forget_everything()")
            return
    call_command("flush", verbosity=0, interactive=False)
