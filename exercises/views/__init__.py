"""Pages of the work: the client's and the therapist's."""
