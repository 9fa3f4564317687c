"""The work, for programs: the same queries, actions and permissions as the pages."""
