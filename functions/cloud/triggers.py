"""The functions of a channel, and those that all channels share: triggers in, services called, nothing else.

For a channel `sms`: the webhook `sms`, the router `route_sms`, the delivery `deliver_sms`, and what the
queues gave up on, `dead_inbound_sms` and `dead_outbound_sms`.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping

import azure.functions as func
from pydantic import ValidationError

from functions.calling import CHANNEL as VOICE
from functions.channels import channel_names
from functions.cloud.http import to_http, to_request
from functions.delivery.outgoing import enqueue
from functions.intake.parked import QUEUE as PARKED
from functions.lazy import CHAT, RECORDS
from functions.media.jobs import QUEUE as MEDIA
from functions.media.jobs import Job
from functions.message import Event, Outbound
from functions.patience import patient
from functions.routing.inbound import Delivery
from functions.services import Services
from functions.serving import Tidying
from functions.settings import BUS_CONNECTION
from functions.telemetry import Figure, Kind, count, span

ServicesOf = Callable[[], Awaitable[Services]]
HttpFunction = Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]


def register_channel(app: func.FunctionApp, channel: str, services: ServicesOf) -> None:
    """Add the functions of one channel, each named after it."""
    _webhook(app, channel, services)
    _route(app, channel, services)
    _deliver(app, channel, services)
    for queue in (f"inbound-{channel}", f"outbound-{channel}"):
        _dead(app, queue, services)
    if channel == VOICE:
        _mend(app, services)
    if channel == CHAT:
        _tidy(app, services)
    if channel == RECORDS:
        _reconcile(app, services)


def register_shared(
    app: func.FunctionApp, services: ServicesOf, channels: Collection[str] = channel_names()
) -> None:
    """Add the functions that every app needs once, and those that several of its channels share."""

    @app.function_name("record_parked")
    @app.service_bus_queue_trigger("message", BUS_CONNECTION, PARKED)
    async def record_parked(message: func.ServiceBusMessage) -> None:
        parked = (await services()).parked
        properties = _text_properties(message)
        body = _body(message)
        await patient(lambda: parked.record(message.message_id, body, properties))

    @app.function_name("fetch_media")
    @app.service_bus_queue_trigger("message", BUS_CONNECTION, MEDIA)
    async def fetch_media(message: func.ServiceBusMessage) -> None:
        found = await services()
        try:
            job = Job.model_validate_json(message.get_body())
        except ValidationError as error:
            await _park(found, MEDIA, message, f"not a job of ours: {error.error_count()} errors")
            return
        await found.fetcher.work(job, message.delivery_count or 1)

    _dead_media(app, services)
    if CHAT in channels or VOICE in channels:
        _push_events(app, services)

    @app.function_name("drain_spool")
    @app.timer_trigger("timer", "*/10 * * * * *")
    async def drain_spool(timer: func.TimerRequest) -> None:
        await (await services()).outbox.drain()

    @app.function_name("close_idle")
    @app.timer_trigger("timer", "0 * * * * *")
    async def close_idle(timer: func.TimerRequest) -> None:
        found = await services()
        await found.threads.close_idle(found.clock(), lambda news: enqueue(found.outbox, [news]))

    @app.function_name("erase_expired")
    @app.timer_trigger("timer", "0 23 * * * *")
    async def erase_expired(timer: func.TimerRequest) -> None:
        await (await services()).expiry.run()


def _push_events(app: func.FunctionApp, services: ServicesOf) -> None:
    """Hear of chat clients that connect: the URL, with its key, is what Web PubSub's hub `chat` is given."""

    @app.function_name("push_events")
    @app.route("push/events", methods=["POST", "OPTIONS"], auth_level=func.AuthLevel.FUNCTION)
    async def push_events(req: func.HttpRequest) -> func.HttpResponse:
        found = await services()
        if found.connections is None:
            return func.HttpResponse(status_code=404)
        return to_http(await found.connections.hear(to_request(req, found.clock())))


def _webhook(app: func.FunctionApp, channel: str, services: ServicesOf) -> None:
    async def webhook(req: func.HttpRequest) -> func.HttpResponse:
        found = await services()
        account = req.route_params["account"]
        # What was called is this app, whichever serves the channel from now on.
        callback = f"{found.settings.public_base_url}/api/channels/{channel}/{account}"
        request = to_request(req, found.clock(), callback, req.route_params.get("rest", ""))
        parent = request.headers.get("traceparent", "")
        with span(f"webhook {channel}", Kind.SERVER, parent, channel=channel, account=account) as told:
            response = await found.intake.receive(channel, account, request)
            told.tell("http.response.status_code", response.status)
        count(Figure.WEBHOOKS, channel=channel, status=response.status)
        return to_http(response)

    route = app.route(
        f"channels/{channel}/{{account}}/{{*rest}}",  # Apple appends /message, our own APIs have many paths
        methods=["GET", "POST", "OPTIONS"],
        auth_level=func.AuthLevel.ANONYMOUS,
    )
    app.function_name(channel)(route(webhook))


def _route(app: func.FunctionApp, channel: str, services: ServicesOf) -> None:
    queue = f"inbound-{channel}"

    # One message a call: with batches, Azure's extension works on one session at a time, and waits
    # `sessionIdleTimeout` before the next (ServiceBusListener.RunBatchReceiveLoopAsync).
    @app.function_name(f"route_{channel}")
    @app.service_bus_queue_trigger("message", BUS_CONNECTION, queue, is_sessions_enabled=True)
    async def route(message: func.ServiceBusMessage) -> None:
        router = (await services()).router
        with span(f"route {channel}", Kind.CONSUMER, _traceparent(message), channel=channel):
            await router.route(queue, [_delivery(message)])


def _deliver(app: func.FunctionApp, channel: str, services: ServicesOf) -> None:
    queue = f"outbound-{channel}"

    @app.function_name(f"deliver_{channel}")
    @app.service_bus_queue_trigger("message", BUS_CONNECTION, queue, is_sessions_enabled=True)
    async def deliver(message: func.ServiceBusMessage) -> None:
        found = await services()
        try:
            outbound = Outbound.model_validate_json(message.get_body())
        except ValidationError as error:
            reason = f"not a reply of ours: {error.error_count()} errors"
            await _park(found, queue, message, reason)
            return
        if channel == CHAT and outbound.event is Event.TYPING and found.pusher:
            await found.pusher.typing(outbound)
        with span(f"deliver {channel}", Kind.CONSUMER, outbound.traceparent, channel=channel):
            await found.courier.deliver(outbound, message.delivery_count or 1)


def _dead(app: func.FunctionApp, queue: str, services: ServicesOf) -> None:
    @app.function_name(f"dead_{queue.replace('-', '_')}")
    @app.service_bus_queue_trigger("message", BUS_CONNECTION, f"{queue}/$DeadLetterQueue")
    async def dead(message: func.ServiceBusMessage) -> None:
        reason = _text_properties(message).get("DeadLetterReason", "dead-lettered")
        await _park(await services(), queue, message, f"the queue gave up: {reason}")


def _dead_media(app: func.FunctionApp, services: ServicesOf) -> None:
    @app.function_name("dead_media")
    @app.service_bus_queue_trigger("message", BUS_CONNECTION, f"{MEDIA}/$DeadLetterQueue")
    async def dead_media(message: func.ServiceBusMessage) -> None:
        found = await services()
        reason = f"the queue gave up: {_text_properties(message).get('DeadLetterReason', 'dead-lettered')}"
        try:
            job = Job.model_validate_json(message.get_body())
        except ValidationError:
            await _park(found, MEDIA, message, reason)
            return
        if not await found.fetcher.abandon(job, reason):
            await _park(found, MEDIA, message, reason)


def _mend(app: func.FunctionApp, services: ServicesOf) -> None:
    @app.function_name("mend_calls")
    @app.timer_trigger("timer", "30 * * * * *")
    async def mend_calls(timer: func.TimerRequest) -> None:
        await (await services()).call_news.mend()


def _tidy(app: func.FunctionApp, services: ServicesOf) -> None:
    """Drop what was counted of the callers of public chats, and what visitors told who never spoke."""

    @app.function_name("tidy_chats")
    @app.timer_trigger("timer", "45 */10 * * * *")
    async def tidy_chats(timer: func.TimerRequest) -> None:
        server = (await services()).servers.of(CHAT, "directline")
        if isinstance(server, Tidying):
            await server.tidy()


def _reconcile(app: func.FunctionApp, services: ServicesOf) -> None:
    """Ask Dataverse what changed there unheard, and write there what has closed here."""

    @app.function_name("reconcile_records")
    @app.timer_trigger("timer", "0 */5 * * * *")
    async def reconcile_records(timer: func.TimerRequest) -> None:
        await (await services()).reconciler.run()

    @app.function_name("write_timeline")
    @app.timer_trigger("timer", "15 * * * * *")
    async def write_timeline(timer: func.TimerRequest) -> None:
        found = await services()
        await found.timeline.write(found.threads)


async def _park(services: Services, queue: str, message: func.ServiceBusMessage, reason: str) -> None:
    body, session = _body(message), message.session_id or ""
    await patient(lambda: services.parked.park(queue, session, message.message_id, body, reason))


def _delivery(message: func.ServiceBusMessage) -> Delivery:
    return Delivery(
        message=message.message_id,
        session=message.session_id or "",
        body=_body(message),
        count=message.delivery_count or 1,
    )


def _traceparent(message: func.ServiceBusMessage) -> str:
    return str((message.application_properties or {}).get("traceparent", ""))


def _body(message: func.ServiceBusMessage) -> str:
    body: bytes = message.get_body()
    return body.decode("utf-8", "backslashreplace")


def _text_properties(message: func.ServiceBusMessage) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in (message.application_properties or {}).items()}
