"""A row read again: `functions.records.reader.RecordReader` by the Web API."""

import logging
from collections.abc import Mapping

from functions.channels.records.change import RecordValue
from functions.dataverse import odata
from functions.dataverse.client import Refused
from functions.dataverse.environments import Environments
from functions.dataverse.values import attributes
from functions.errors import Invalid, NotFound, NotGranted

log = logging.getLogger("monikanava.dataverse")


class WebApiReader:
    """Reads rows in the environments of the accounts."""

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    async def read(self, account: str, entity: str, id: str) -> Mapping[str, RecordValue] | None:  # noqa: A002
        """Give all attributes of a row that have a value; None when there is no such row.

        Raises NotFound when the account has no API, or may not read the table: what its webhooks tell has to
        do. Raises Unavailable when the environment does not answer now.
        """
        reached = await self._environments.of(account)
        try:
            address = odata.row((await reached.shapes.of(entity)).collection, id)
        except Invalid as unusual:
            raise NotFound(unusual.reason) from None
        except (Refused, NotGranted) as refused:
            raise _unreadable(account, entity, refused) from None
        try:
            return attributes(await reached.client.read(address))
        except NotFound:
            return None
        except (Refused, NotGranted) as refused:
            raise _unreadable(account, entity, refused) from None


def _unreadable(account: str, entity: str, refused: Refused | NotGranted) -> NotFound:
    log.warning("not read again: account=%s entity=%s code=%s", account, entity, refused.code)
    return NotFound(f"the table {entity} cannot be read: {refused.reason}")
