"""What people may type is decided by the contracts."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.errors import Invalid
from platform_app.identity.service import EMAIL
from platform_app.rules import clean, fit, one_line, required


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("posts", {"title": "x" * 301}),
        ("posts", {"kind": "rumour"}),
        ("posts", {"language": "english"}),
        ("posts", {"title": None}),
        ("votes", {"value": 2}),
        ("tags", {"name": "Not A Tag"}),
        ("tags", {"name": "newline\n"}),
        ("comments", {"body": "x" * 5_001}),
    ],
)
def test_a_value_that_breaks_its_contract_is_refused_with_the_fields_name(
    table: str, values: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refusal:
        fit(table, **values)
    assert refusal.value.field == next(iter(values))


def test_values_that_keep_their_contract_pass() -> None:
    fit("posts", title="x" * 300, body="", kind="update", language="pt-BR", duplicate_of=None)


def test_a_refusal_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(Invalid) as refusal:
        fit("tags", name="SECRET WORD")
    assert "SECRET" not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "  \n", None])
def test_a_required_text_is_not_white_space(text: str | None) -> None:
    with pytest.raises(Invalid):
        required(title=text)


@given(st.text())
def test_a_line_has_no_breaks_and_no_text_has_nul(text: str) -> None:
    assert "\n" not in one_line(text)
    assert "\x00" not in clean(text)
    assert "\r" not in clean(text)


@given(st.from_regex(EMAIL, fullmatch=True))
def test_a_message_can_be_written_to_every_address_that_is_taken(address: str) -> None:
    message = EmailMessage()
    message["To"] = address
    message.set_content("Hello")
    assert len(getaddresses([str(message["To"])])) == 1
    assert message.as_bytes()


@pytest.mark.parametrize(
    "address", ["x@[y.z", "x@y.z,w@y.z", "x<w@y.z>@y.z", 'x"@y.z', "x@y.z;", "=?utf-8?q?x?=@y.z", "x@y"]
)
def test_an_address_that_means_something_else_in_a_header_is_refused(address: str) -> None:
    assert not EMAIL.fullmatch(address)
