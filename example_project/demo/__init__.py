"""``make demo``: the newsroom pushes to an SFTP and an FTP partner, and proves it.

The folder's modules are the parts of a play: the ``stage`` is a fresh site with its partners,
the ``acts`` are what happens on it, the ``proof`` is what must be at the partners afterwards.
"""
