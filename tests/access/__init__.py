"""What access means, from the rows to the last process. A package, because its tests share one world."""
