"""Templates: what a provider approved beforehand may be sent at any time, and goes alone."""

import json

import pytest
from azure.communication.messages import models
from pywa.types.templates import BodyText, TemplateLanguage

from functions.channels.contract import Call
from functions.errors import NotDeliverable
from functions.message import Template
from tests.channels.acs_sdk import whatsapp_sends
from tests.channels.pywa_sdk import pywa_client
from tests.channels.samples import ACS_CONNECTION, ADAPTERS, SETTINGS, account, outbound, room, standing
from tests.channels.twilio_sdk import twilio_sends

WELCOME = Template(name="tervetuloa", language="fi", values=("Aino", "25 €"))


def rendered(row: str, template: Template, **more: object) -> list[Call]:
    """Render for somebody who wrote long ago."""
    return room(row).render(outbound(row, template=template, **more), account(row), standing(24 * 90))


def test_as_pywas_client_sends() -> None:
    settings = SETTINGS["whatsapp-meta"]
    client, sent = pywa_client(settings["phoneNumberId"], settings["accessToken"])
    thread = outbound("whatsapp-meta").thread
    params = [BodyText.params("Aino", "25 €")]  # type: ignore[arg-type]
    client.send_template(thread, WELCOME.name, TemplateLanguage.FINNISH, params, tracker=f"out-1 {thread} 1")
    [call] = rendered("whatsapp-meta", WELCOME)
    [(url, _, body)] = sent
    body["template"]["components"][0]["type"] = "body"  # pywa writes BODY, Meta's own examples this
    assert (call.url, call.json) == (url, body)


def test_as_twilios_client_sends() -> None:
    template = Template(name="HX" + "0" * 32, values=("Aino", "25 €"))
    [call] = rendered("whatsapp-twilio", template)
    form = dict(call.form or ())
    settings = SETTINGS["whatsapp-twilio"]
    theirs = twilio_sends(
        settings["accountSid"],
        settings["authToken"],
        to=form["To"],
        from_=form["From"],
        status_callback=account("whatsapp-twilio").callback,
        content_sid=template.name,
        content_variables=json.dumps({"1": "Aino", "2": "25 €"}, ensure_ascii=False),
    )
    assert form == theirs["data"]


@pytest.mark.parametrize("values", [("Aino", "25 €"), ()])
def test_as_azures_client_sends(values: tuple[str, ...]) -> None:
    texts: list[models.MessageTemplateValue] = [
        models.MessageTemplateText(name=str(number), text=value) for number, value in enumerate(values, 1)
    ]
    places = [models.WhatsAppMessageTemplateBindingsComponent(ref_value=one.name) for one in texts]
    template = models.MessageTemplate(
        name=WELCOME.name,
        language=WELCOME.language,
        template_values=texts or None,
        bindings=models.WhatsAppMessageTemplateBindings(body=places) if places else None,
    )
    theirs = whatsapp_sends(
        ACS_CONNECTION,
        models.TemplateNotificationContent(
            channel_registration_id=SETTINGS["whatsapp-acs"]["channelId"],
            to=[outbound("whatsapp-acs").recipient],
            template=template,
        ),
    )
    [call] = rendered("whatsapp-acs", WELCOME.model_copy(update={"values": values}))
    assert (call.method, call.url, call.json) == (theirs.method, theirs.url, theirs.body)


@pytest.mark.parametrize("row", ["whatsapp-acs", "whatsapp-meta"])
def test_a_template_of_whatsapp_has_a_language(row: str) -> None:
    with pytest.raises(NotDeliverable, match="language"):
        rendered(row, Template(name="tervetuloa"))


@pytest.mark.parametrize("row", ADAPTERS)
def test_a_template_goes_alone_and_only_where_there_are_any(row: str) -> None:
    more = {"text": "x"} if room(row).capabilities.templates else {}
    with pytest.raises(NotDeliverable) as refused:
        rendered(row, WELCOME, **more)
    assert refused.value.code in ("template", "retired", "record")
