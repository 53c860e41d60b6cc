"""The stores that the end-to-end tests run on: LAB_STORE names one.

A store knows where adit keeps the state of a lab (environment()), and how to lose it all (lose())."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "services"))

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


STORES = {"sqlite": File, "postgres": Postgres}


def make(lab):
    return STORES[os.environ.get("LAB_STORE", "sqlite")](lab)
