"""The rooms that intake stands on, of a test's own."""

from tests.intake.conftest import bus, clock, table, tables

__all__ = ["bus", "clock", "table", "tables"]
