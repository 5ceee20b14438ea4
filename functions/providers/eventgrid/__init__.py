"""Azure Event Grid as the bringer of webhooks: its handshakes and its proofs of identity.

Follows https://learn.microsoft.com/azure/event-grid/webhook-event-delivery,
https://learn.microsoft.com/azure/event-grid/secure-webhook-delivery and, for CloudEvents,
https://github.com/cloudevents/spec/blob/v1.0/http-webhook.md. Event Grid signs no body: a token of Entra
ID, or a secret that it repeats with each delivery, is all that there is.
"""

import json
import re
from collections.abc import Mapping

from pydantic import Field, SecretStr, model_validator

from functions.channels.contract import KeyId, Request, Response, Step
from functions.errors import Forbidden, Invalid, NotAuthentic
from functions.providers.bearer import bearer, claims, key_name
from functions.providers.eventgrid.events import events
from functions.providers.payload import text
from functions.providers.settings import ApiBase, Settings
from functions.providers.signatures import header, same

SECRET_HEADER = "X-Delivery-Secret"  # noqa: S105 - the header's name
SECRET_PARAMETER = "key"  # noqa: S105 - the query parameter's name
ROLE = "AzureEventGridSecureWebhookSubscriber"
PUBLIC_CLOUD_APP = "4962773b-9cdb-44cf-a8bf-237846a00ab7"
BODY_LIMIT = 2 * 1024 * 1024  # a batch is at most 1 MiB, a single event too

_GUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_CODE = re.compile(r"[0-9A-Za-z-]{1,256}")


class EventGridSettings(Settings):
    """How deliveries prove themselves: by a token of Entra ID, a secret of ours, or, best, both.

    `audience` is the application that the event subscription names, as written there (its id or its URI);
    `sender_app` is Event Grid's own application, `login_base` and `origin` are those of the public cloud.
    The secret comes in the delivery header X-Delivery-Secret, or as `key` in the URL's query.
    """

    tenant_id: str = Field(default="", pattern=rf"^({_GUID})?$")
    audience: str = ""
    sender_app: str = Field(default=PUBLIC_CLOUD_APP, pattern=rf"^{_GUID}$")
    login_base: ApiBase = "https://login.microsoftonline.com"
    origin: str = Field(default="eventgrid.azure.net", min_length=1)
    delivery_secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _some_proof(self) -> "EventGridSettings":
        if bool(self.tenant_id) != bool(self.audience):
            raise ValueError("tenantId and audience belong together: give both or none")
        if not self.tenant_id and not self.delivery_secret.get_secret_value():
            raise ValueError("deliveries need a proof: give tenantId and audience, deliverySecret, or all")
        return self


def setup(settings: EventGridSettings, callback: str, subscriptions: Mapping[str, str]) -> list[Step]:
    """List what an event subscription is made of; `subscriptions` gives the filter of each event type."""
    where = "Azure portal: the resource > Events > Event Subscription, one for each event type"
    steps = [Step(where, "Endpoint (Web Hook)", callback)]
    steps += [Step(f"{where} > Filters", kind, values) for kind, values in subscriptions.items()]
    if settings.tenant_id:
        place = f"{where} > Additional features > Use Microsoft Entra authentication"
        steps.append(Step(place, "Tenant ID", settings.tenant_id))
        steps.append(Step(place, "Application ID or URI", settings.audience))
    if secret := settings.delivery_secret.get_secret_value():
        steps.append(Step(f"{where} > Delivery Properties (static, secret)", SECRET_HEADER, secret))
    return steps


def handshake(request: Request, settings: EventGridSettings) -> Response | None:
    """Answer a subscription's validation; raises Forbidden when its proof or origin is wrong."""
    if request.method == "OPTIONS":
        return _consent(request, settings)
    if request.headers.get("aeg-event-type", "").lower() == "subscriptionvalidation":
        return _validation(request, settings)
    return None


def key_id(request: Request, settings: EventGridSettings) -> KeyId | None:
    """Name the key of the tenant that must have signed the token; None when no token is asked for.

    OPTIONS grants nothing that a delivery does not prove again, and nobody promises a token with it.
    """
    if not settings.tenant_id or request.method == "OPTIONS":
        return None
    url = f"{settings.login_base}/{settings.tenant_id}/discovery/v2.0/keys"
    return KeyId(url, key_name(bearer(request.headers)))


def authenticate(request: Request, settings: EventGridSettings) -> None:
    """Check every proof that is configured; raises NotAuthentic, also when none is."""
    secret = settings.delivery_secret.get_secret_value()
    if not secret and not settings.tenant_id:
        raise NotAuthentic("the account has neither a delivery secret nor a tenant to check deliveries with")
    if secret:
        _check_secret(request, secret)
    if settings.tenant_id:
        _check_token(request, settings)


def _consent(request: Request, settings: EventGridSettings) -> Response:
    """Let Event Grid's origin deliver CloudEvents here; the callback that it may offer is never called."""
    if request.headers.get("webhook-request-origin", "").lower() != settings.origin.lower():
        raise Forbidden("the request does not come from the origin of Event Grid")
    # Delivery headers may not come with OPTIONS; a secret that does come must be right.
    secret = settings.delivery_secret.get_secret_value()
    if secret and SECRET_PARAMETER in request.parameters():
        _check_parameter(request, secret)
    granted = {"WebHook-Allowed-Origin": settings.origin, "WebHook-Allowed-Rate": "*", "Allow": "POST"}
    return Response(200, headers=granted)


def _validation(request: Request, settings: EventGridSettings) -> Response:
    """Echo the code, to whom could deliver as well."""
    try:
        authenticate(request, settings)
    except NotAuthentic as wrong:
        raise Forbidden(wrong.reason) from None
    code = next((text(event.data, "validationcode") for event in events(request.body)), "")
    if not _CODE.fullmatch(code):
        raise Invalid("the validation code has other characters than letters, digits and -")
    return Response(200, json.dumps({"validationResponse": code}), "application/json")


def _check_parameter(request: Request, secret: str) -> None:
    if not same(request.parameters()[SECRET_PARAMETER], secret):
        raise Forbidden("the delivery secret in the URL does not match")


def _check_secret(request: Request, secret: str) -> None:
    given = request.parameters().get(SECRET_PARAMETER) or header(request.headers, SECRET_HEADER)
    if not same(given, secret):
        raise NotAuthentic(
            "the delivery secret does not match: check the event subscription's delivery properties"
        )


def _check_token(request: Request, settings: EventGridSettings) -> None:
    tenant = settings.tenant_id.lower()
    issuers = (f"https://sts.windows.net/{tenant}/", f"{settings.login_base}/{tenant}/v2.0")
    found = claims(request, settings.audience, issuers)
    if found.get("tid") != tenant:
        raise NotAuthentic("the token is of another tenant")
    # Without these two, any application of the tenant could deliver.
    if (found.get("appid") or found.get("azp")) != settings.sender_app.lower():
        raise NotAuthentic("the token is of another application than Event Grid")
    roles = found.get("roles")
    if not isinstance(roles, list) or ROLE not in roles:
        raise NotAuthentic(f"the token lacks the role {ROLE}: assign it to Event Grid's service principal")
