import subprocess

import pytest

from portal.runtime.lock import AlreadyRunning, FolderLock


def test_a_folder_has_one_holder(tmp_path):
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.take()

    with pytest.raises(AlreadyRunning):
        second.take(patience=5)

    first.release()
    second.take()
    second.release()


def test_the_children_of_a_dead_holder_are_given_time_to_end(tmp_path):
    dead, heir = FolderLock(tmp_path), FolderLock(tmp_path)
    dead.take()
    (tmp_path / "lock").write_text("999999999")
    with subprocess.Popen(["/bin/sleep", "0.5"], pass_fds=[dead.descriptor]) as child:
        dead.release()

        heir.take(patience=10)

        assert child.wait() == 0
    heir.release()
