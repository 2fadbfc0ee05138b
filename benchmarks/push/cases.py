"""What is measured, and how fast Pigeon has to be there, compared with the best peer."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Bytes of a large file, and the most that may be resident while it is pushed.
LARGE, MEMORY = 512 << 20, 150e6


@dataclass(frozen=True)
class Case:
    """One line of the table.

    Attributes:
        name: what the table and ``--case`` call it.
        protocol: SFTP, FTP or FTPS.
        bar: our speed divided by the best peer's, at least.
        files: so many files of 8 KB; 0: one large file.
        delay: seconds that the line takes each way.
        processes: of our worker.
        options: of our destination.
    """

    name: str
    protocol: str
    bar: float
    files: int = 2000
    delay: float = 0.0
    processes: int = 1
    connections: int = 1

    @property
    def rule(self) -> str:
        return "partner" if self.files else "film"

    @property
    def unit(self) -> str:
        return "files/s" if self.files else "MB/s"

    def speed(self, seconds: float) -> float:
        return (self.files or LARGE / 1e6) / seconds

    def quick(self) -> Case:
        """The same with a tenth of the files."""
        return replace(self, files=self.files // 10)


CASES = (
    Case("SFTP, 2,000 files", "SFTP", 1.0, processes=2, connections=2),
    Case("SFTP, 500 files, 40 ms", "SFTP", 5.0, files=500, delay=0.02, connections=4),
    Case("FTP, 2,000 files", "FTP", 0.8, processes=2, connections=2),
    Case("FTP, 500 files, 40 ms", "FTP", 2.0, files=500, delay=0.02, connections=8),
    Case("FTPS, 2,000 files", "FTPS", 0.8, processes=2, connections=4),
    Case("SFTP, one file of 512 MB", "SFTP", 1.0, files=0),
    Case("FTP, one file of 512 MB", "FTP", 0.9, files=0),
)
