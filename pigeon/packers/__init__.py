"""How outputs become the files that travel; one module per packer."""
