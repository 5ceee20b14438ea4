"""A customer's own data: all of it given, or all of it erased. For administrators."""

from collections.abc import Mapping

from functions.desk.call import Call, File, Nothing, Reply
from functions.erasure.erasure import Erased
from functions.identity.merging import Who
from functions.services import Services


async def export_customer(call: Call[Nothing, Nothing], services: Services) -> Reply[File]:
    """Give all that is kept of a customer, one JSON value in each line."""
    lines = await services.erasure.export(_who(call.parameters))
    content = "".join(f"{line}\n" for line in lines).encode()
    named = {"Content-Disposition": 'attachment; filename="customer.ndjson"'}
    return Reply(File(content=content, content_type="application/x-ndjson"), headers=named)


async def erase_customer(call: Call[Nothing, Nothing], services: Services) -> Reply[Erased]:
    """Erase all that is kept of a customer whose conversations are closed; tell how much it was."""
    return Reply(await services.erasure.erase(_who(call.parameters), call.caller.id))


def _who(parameters: Mapping[str, str]) -> Who:
    return Who(channel=parameters["channel"], account=parameters["account"], id=parameters["id"])
