"""The figures of `make bench`: ratios measured in one run, on embedded servers."""
