"""What people do with a running demo. A package, because its tests share one."""
