"""The stores that the end-to-end tests run on: LAB_STORE names one.

A store knows where adit keeps the state of a lab (environment()), and how to lose it all (lose())."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "services"))

import blobs  # noqa: E402
import postgres  # noqa: E402


class File:
    """What adit does by itself: .adit/state.db in the project's folder."""

    def __init__(self, lab):
        self.path = lab.folder / ".adit" / "state.db"

    def environment(self):
        return {}

    def lose(self):
        self.path.unlink()


class Postgres:
    """The server of services/postgres.py; each lab begins without adit's schema."""

    def __init__(self, lab):
        self.url = os.environ.get("ADIT_TEST_POSTGRES")
        if not self.url:
            raise unittest.SkipTest("there is no PostgreSQL")
        self.lose()

    def environment(self):
        return {"ADIT_STATE": self.url}

    def lose(self):
        postgres.query(self.url, "DROP SCHEMA IF EXISTS adit CASCADE")


class Blob:
    """A stand-in of services/blobs.py, for each lab its own."""

    def __init__(self, lab):
        self.server = blobs.Server(self.handler)
        lab.addCleanup(self.server.close)

    def lose(self):
        self.server.documents.clear()


class Http(Blob):
    """Terraform's http backend protocol."""

    handler = blobs.Terraform
    path = "/states/lab"

    def environment(self):
        return {"ADIT_STATE": self.server.base + self.path, "TF_HTTP_USERNAME": blobs.USER, "TF_HTTP_PASSWORD": blobs.PASSWORD}


class Gitlab(Http):
    """The same as GitLab has it."""

    path = "/api/v4/projects/1/terraform/state/lab"


class S3(Blob):
    handler = blobs.S3

    def environment(self):
        return {"ADIT_STATE": "s3://bucket/folder/lab.json", "AWS_ENDPOINT_URL_S3": self.server.base, "AWS_REGION": blobs.REGION,
                "AWS_ACCESS_KEY_ID": blobs.KEY, "AWS_SECRET_ACCESS_KEY": blobs.SECRET}


STORES = {"sqlite": File, "postgres": Postgres, "http": Http, "gitlab": Gitlab, "s3": S3}


def make(lab):
    return STORES[os.environ.get("LAB_STORE", "sqlite")](lab)
