"""What holds for every body there can be, found out with random ones."""

import json
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.errors import Invalid, NotAuthentic
from functions.message import Inbound, Kind
from functions.providers.wechat.xml import read_xml
from tests.channels.samples import (
    BASE,
    FORMS,
    PROVIDERS,
    SECRETS,
    WEBHOOKS,
    account,
    parsed,
    proof,
    request,
    room,
    signed,
    with_proof,
)
from tests.channels.sign import MultiDict, sign
from tests.channels.test_authentic import BODIES, HEADER, SIGNS_THE_BODY
from tests.channels.test_parse import VECTORS
from tests.channels.twilio_sdk import RequestValidator
from tests.channels.vectors import records, sms_acs, teams, whatsapp_acs


def names(value: Any) -> set[str]:
    """Collect the field names of a payload: random bodies built of them go deeper than random names do."""
    if isinstance(value, list):
        return set().union(*map(names, value))
    return set(value).union(*map(names, value.values())) if isinstance(value, dict) else set()


VALUES = ["page", "682498171943165", "kicked", "STOP_NOTIFICATIONS", "text", "image", "edit", "reaction"]


VALUES += ["15005550006", whatsapp_acs.CHANNEL, "Delivered", "Failed"]
EVENTS = {
    "sms-acs": [sms_acs.RECEIVED, sms_acs.REPORTED],
    "whatsapp-acs": [whatsapp_acs.RECEIVED, whatsapp_acs.UPDATED],
}


def xmls(vectors: list[bytes]) -> st.SearchStrategy[bytes]:
    fields = sorted({name for body in vectors for name in names(read_xml(body))})
    texts = st.text(max_size=12) | st.sampled_from(["text", "event", "subscribe", "VIEW", "0", "gh_0001"])
    elements = st.tuples(st.sampled_from(fields), texts.map(escape)).map("<{0[0]}>{0[1]}</{0[0]}>".format)
    inner = st.recursive(
        elements, lambda part: st.lists(part, max_size=3).map("".join).map("<X>{}</X>".format)
    )
    wholes = st.lists(inner, max_size=8).map("".join).map("<xml>{}</xml>".format)
    return st.binary(max_size=60) | wholes.map(lambda whole: whole.encode("utf-8", "replace"))


def contexts(keys: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Contexts that name a record, with anything in their places."""
    pairs = st.lists(
        st.fixed_dictionaries({"key": st.sampled_from([*keys, "Target", "title"]), "value": values}),
        max_size=4,
    )
    target = st.fixed_dictionaries({"Attributes": pairs, "FormattedValues": pairs}) | values
    named = {
        "MessageName": st.sampled_from(["Create", "Update", "Assign", "SetState", "DeleteMultiple", "Close"]),
        "PrimaryEntityName": st.sampled_from(["incident", "contact", "", "Ä"]),
        "PrimaryEntityId": st.sampled_from([records.CASE_ID, records.NOBODY, "1"]),
        "InputParameters": st.lists(
            st.fixed_dictionaries({"key": st.sampled_from(["Target", "Targets", "State"]), "value": target}),
            max_size=2,
        ),
        "PreEntityImages": st.lists(
            st.fixed_dictionaries({"key": st.text(max_size=2), "value": target}), max_size=2
        ),
        "OperationCreatedOn": st.integers().map("/Date({})/".format) | values,
    }
    return st.fixed_dictionaries(named)


def hooks(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Meta's envelope, of any of its objects, around anything."""
    metadata = {"phone_number_id": "106540352242922"}
    few = st.lists(items, max_size=2)
    changed = {"metadata": st.just(metadata), "messages": few, "statuses": few}
    change = st.fixed_dictionaries({"value": st.fixed_dictionaries(changed)})
    entry = st.fixed_dictionaries({"messaging": few, "changes": st.lists(change, max_size=2)})
    names = st.sampled_from(["page", "whatsapp_business_account", "instagram"])
    return st.fixed_dictionaries({"object": names, "entry": st.lists(entry, max_size=2)})


@cache  # a strategy is costly to make
def bodies(channel: str) -> st.SearchStrategy[bytes]:
    vectors = [case.body for case in VECTORS[channel].values()]
    if channel in FORMS:
        fields = sorted(
            {name for body in vectors for name, _ in parse_qsl(body.decode(), keep_blank_values=True)}
        )
        texts = st.text(max_size=12) | st.sampled_from(["received", "delivered", "STOP", "10"])
        forms = st.lists(st.tuples(st.sampled_from(fields), texts), max_size=12)
        return st.binary(max_size=60) | forms.map(lambda form: urlencode(form, errors="replace").encode())
    if channel == "wechat":
        return xmls(vectors)
    keys = sorted({name for body in vectors for name in names(json.loads(body))})
    leaves = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.sampled_from(VALUES)
    )
    values = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4),
        max_leaves=20,
    )
    items = st.dictionaries(st.sampled_from(keys), values, max_size=3)
    wholes = values | items
    if PROVIDERS[channel] == "meta":
        wholes |= hooks(items)
    if channel == "telegram":
        wholes |= st.builds(lambda update, rest: {**rest, "update_id": update}, st.integers(), items)
    if channel == "teams":
        wholes |= st.builds(lambda kind, rest: {**rest, "type": kind}, st.sampled_from(teams.TYPES), items)
    if channel == "records":
        wholes |= contexts(keys, values)
    if channel in EVENTS:
        event = {"eventType": st.sampled_from(EVENTS[channel]), "data": items}
        wholes |= st.lists(st.fixed_dictionaries(event), max_size=3)
    return st.binary(max_size=60) | wholes.map(lambda whole: json.dumps(whole).encode())


@pytest.mark.parametrize("channel", WEBHOOKS)
@settings(max_examples=150)
@given(data=st.data())
def test_no_body_breaks_the_parser(channel: str, data: st.DataObject) -> None:
    body = data.draw(bodies(channel))
    try:
        items = parsed(channel, body)
    except Invalid:
        return
    if not items:
        whole = json.loads(body)
        assert whole == [] or [] in whole.values()
    for item in items:
        assert Inbound.model_validate_json(item.json_text()) == item
        assert item.event
        assert (item.thread and item.sender.id) or item.kind is Kind.RECEIPT


def test_an_empty_batch_is_nothing() -> None:
    assert parsed("facebook", b'{"object":"page","entry":[]}') == []


# Some sign what is inside their envelope, Twilio the form that the body spells.
ENVELOPED = ("rcs", "wechat")
BYTES = [name for name in SIGNS_THE_BODY if name not in (*FORMS, *ENVELOPED)]


@pytest.mark.parametrize("channel", BYTES)
@given(data=st.data())
def test_any_changed_bit_of_a_body_is_refused(channel: str, data: st.DataObject) -> None:
    good = signed(channel, BODIES[channel])
    bit = data.draw(st.integers(0, len(good.body) * 8 - 1))
    with pytest.raises(NotAuthentic):
        room(channel).authenticate(replace(good, body=flipped(good.body, bit)), account(channel))


@pytest.mark.parametrize("channel", ENVELOPED)
@given(data=st.data())
def test_a_changed_bit_of_an_envelope_is_refused_or_changes_nothing(
    channel: str, data: st.DataObject
) -> None:
    """Only what is inside is signed, and only that is read."""
    good = signed(channel, BODIES[channel])
    changed = flipped(good.body, data.draw(st.integers(0, len(good.body) * 8 - 1)))
    try:
        room(channel).authenticate(replace(good, body=changed), account(channel))
    except NotAuthentic:
        return
    found = list(room(channel).parse(replace(good, body=changed), account(channel)))
    assert found == list(room(channel).parse(good, account(channel)))


@pytest.mark.parametrize("channel", FORMS)
@given(data=st.data())
def test_any_changed_bit_of_a_form_is_refused(channel: str, data: st.DataObject) -> None:
    """Twilio signs the decoded form: `%2b` for `%2B` is the same form to it."""
    good = signed(channel, BODIES[channel])
    body = flipped(good.body, data.draw(st.integers(0, len(good.body) * 8 - 1)))
    if decoded(body) == decoded(good.body):
        room(channel).authenticate(replace(good, body=body), account(channel))
        return
    with pytest.raises(NotAuthentic):
        room(channel).authenticate(replace(good, body=body), account(channel))


@pytest.mark.parametrize("channel", WEBHOOKS)
@given(data=st.data())
def test_any_changed_bit_of_a_proof_is_refused(channel: str, data: st.DataObject) -> None:
    good = signed(channel, BODIES[channel])
    given = proof(good, HEADER[channel]).encode()
    changed = flipped(given, data.draw(st.integers(0, len(given) * 8 - 1)))
    bad = with_proof(good, HEADER[channel], changed.decode("latin-1"))
    with pytest.raises(NotAuthentic):
        room(channel).authenticate(bad, account(channel))


RANDOM_FORMS = st.lists(st.tuples(st.text(max_size=4), st.text(max_size=6)), max_size=8).map(
    lambda form: urlencode(form, errors="replace").encode()
)


@given(RANDOM_FORMS, st.text(alphabet="ab=&%+;", max_size=12))
def test_twilio_agrees_with_its_own_validator(body: bytes, query: str) -> None:
    url = f"{BASE}/sms/sms-1" + (f"?{query}" if query else "")
    headers = sign("sms", url, SECRETS, body)
    form = MultiDict(parse_qsl(body.decode(), keep_blank_values=True))
    assert RequestValidator(SECRETS["auth_token"]).validate(url, form, headers["x-twilio-signature"])
    room("sms").authenticate(request("sms", body, headers, query), account("sms"))


def flipped(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def decoded(body: bytes) -> list[tuple[str, str]] | None:
    try:
        return sorted(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        return None
