"""The rooms that intake stands on, of a test's own."""

from tests.desk.conftest import authority
from tests.intake.conftest import bus, clock, table, tables

__all__ = ["authority", "bus", "clock", "table", "tables"]
