"""Monikanava's composition root: settings, services, and the functions of the channels this app serves."""

import azure.functions as func

from functions.channels import chosen
from functions.cloud.compose import once
from functions.cloud.desk import register as register_desk
from functions.cloud.insights import configure
from functions.cloud.triggers import register_channel, register_shared
from functions.desk.tokens import Authority
from functions.keys import Keys
from functions.settings import from_environment

settings = from_environment()
configure(settings)
services = once(settings)
app = func.FunctionApp()
channels = chosen(settings.channels)
for channel in channels:
    register_channel(app, channel, services)
register_shared(app, services, channels)
authority = Authority(settings.auth_issuer, settings.auth_audience, Keys(settings.auth_jwks_url))
register_desk(app, services, authority)
