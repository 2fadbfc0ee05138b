"""An S3-compatible server (moto's) on a port of loopback, and the storage that talks to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

#: What logs in. The server takes any key, unless moto's own ``enable_iam_authentication`` is on.
ACCESS_KEY, SECRET_KEY = "pigeon-access-key", "pigeon secret+key/of S3"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class S3:
    """The running server."""

    url: str
    client: Any

    def bucket(self) -> str:
        """A new, empty bucket."""
        name = f"bucket{next(_numbers)}"
        self.client.create_bucket(Bucket=name)
        return name

    def storage(self, bucket: str, **options: Any) -> dict[str, Any]:
        """The entry of ``STORAGES`` for ``bucket``."""
        return {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": bucket, "endpoint_url": self.url, "access_key": ACCESS_KEY,
                "secret_key": SECRET_KEY, "region_name": "us-east-1", **options,
            },
        }  # fmt: skip

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Every object of ``bucket``."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {key: self.read(bucket, key) for key in keys}

    def read(self, bucket: str, key: str) -> bytes:
        body = self.client.get_object(Bucket=bucket, Key=key)["Body"]
        try:
            found: bytes = body.read()
            return found
        finally:
            body.close()


@contextmanager
def run_s3() -> Iterator[S3]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
    )  # fmt: skip
    try:
        yield S3(f"http://{host}:{port}", client)
    finally:
        client.close()
        server.stop()
