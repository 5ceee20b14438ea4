"""Only the webhooks, in a process of its own, as Azure's Flex Consumption plan scales HTTP functions.

https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#per-function-scaling
"""

import azure.functions as func

from functions.cloud.compose import once
from functions.cloud.http import to_http, to_request
from functions.settings import from_environment

services = once(from_environment())
app = func.FunctionApp()


@app.function_name("webhook")
@app.route("channels/{channel}/{account}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def webhook(req: func.HttpRequest) -> func.HttpResponse:
    """Do what the app's own webhook function does."""
    found = await services()
    channel, account = req.route_params["channel"], req.route_params["account"]
    callback = f"{found.settings.public_base_url}/api/channels/{channel}/{account}"
    return to_http(await found.intake.receive(channel, account, to_request(req, found.clock(), callback)))
