"""A small newsroom that pushes its stories to partners: the site of ``make demo``."""
