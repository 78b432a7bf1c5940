import subprocess
import sys

WATCHED = "azure.core", "azure.identity", "azure.mgmt", "msal"
LOADED = f"import sys; import {{}}; print([name for name in {WATCHED!r} if name in sys.modules])"


def loaded_by(module):
    """Tell which parts of the SDK a fresh interpreter has after it imported a module."""
    done = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", LOADED.format(module)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_the_sdk_is_not_loaded_before_a_worker_needs_it():
    assert loaded_by("enclaves.providers.azure") == "[]"


def test_the_pages_do_not_load_the_sdk():
    assert loaded_by("django; django.setup(); import portal.urls") == "[]"
