"""Clients, couples and the trail, for programs: the same queries, forms and actions as the pages."""
