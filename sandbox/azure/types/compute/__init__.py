"""Microsoft.Compute: machines with what hangs on them, disks, encryption sets, image galleries."""
