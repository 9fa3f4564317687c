"""Real processes, killed, stopped and cut off: nothing lost, nothing twice."""
