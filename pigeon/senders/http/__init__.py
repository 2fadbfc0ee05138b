"""``http://`` and ``https://``: files by PUT, or whole parcels as forms by POST."""
