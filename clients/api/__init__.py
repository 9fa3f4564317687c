"""Clients and couples, for programs: the same queries, forms and actions as the pages."""
