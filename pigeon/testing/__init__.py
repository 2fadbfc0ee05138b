"""What a site's own tests may use: partners in this process."""

from __future__ import annotations

from pigeon.testing.ftp_partner import FTPPartner
from pigeon.testing.sftp_partner import SFTPPartner

__all__ = ["FTPPartner", "SFTPPartner"]
