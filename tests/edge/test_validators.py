from __future__ import annotations

import re

import pytest

from gateway.edge.validators import Validators, matches
from tenants.app_keys import NO_APP_KEY
from tenants.keys import KeyRing
from tests import make
from tests.edge.published import KEY, published

TAG = b'"abc_-123"'


@pytest.mark.parametrize(
    "condition",
    [
        TAG,
        b"*",
        b" * ",
        b"W/" + TAG,
        b'"x", ' + TAG,
        b'"x",' + TAG + b',"y"',
        TAG + b' , W/"z"',
        b", ," + TAG,
        TAG + b",",
        b'"with,a,comma", ' + TAG,
        b'"", ' + TAG,
    ],
)
def test_a_condition_names_the_tag(condition: bytes) -> None:
    assert matches(condition, TAG)


@pytest.mark.parametrize(
    "condition",
    [
        b"",
        b'"x"',
        b"abc_-123",
        b'"abc_-123',
        b'"ABC_-123"',
        b'w/"abc_-123"',
        b'W/ "abc_-123"',
        b'"abc_-123" "x"',
        TAG + b" *",
        b"*, " + TAG,
        b'"x" , y, ' + TAG,
        b"'abc_-123'",
        b'"a blank", ' + TAG,
        b'"a, ' + TAG + b', b"',
        b"," * 10_000,
        b'"x",' * 5_000,
        b'"' * 10_001,
    ],
)
def test_a_condition_does_not_name_the_tag(condition: bytes) -> None:
    assert not matches(condition, TAG)


def test_a_tag_is_one_of_rfc_9110_and_always_the_same() -> None:
    tags = [Validators(make.KEYS).etag(published(), NO_APP_KEY, "gzip", b"body") for _ in range(2)]

    assert tags[0] == tags[1]
    assert re.fullmatch(rb'"[A-Za-z0-9_-]{24}"', tags[0])
    assert matches(b'W/"x", ' + tags[0], tags[0])


def test_a_tag_tells_apart_everything_that_an_answer_hangs_on() -> None:
    one = Validators(make.KEYS)
    stranger = Validators(KeyRing("SECRET-another-key-0123456789-abc"))

    tags = {
        one.etag(published(), NO_APP_KEY, "", b"body"),
        one.etag(published(2), NO_APP_KEY, "", b"body"),
        one.etag(published(tenant=2), NO_APP_KEY, "", b"body"),
        one.etag(published(), KEY, "", b"body"),
        one.etag(published(), NO_APP_KEY, "gzip", b"body"),
        one.etag(published(), NO_APP_KEY, "", b"bodies"),
        stranger.etag(published(), NO_APP_KEY, "", b"body"),
    }

    assert len(tags) == 7


def test_a_surrogate_key_is_of_the_tenant_alone_and_tells_nothing_without_the_key() -> None:
    one, other = Validators(make.KEYS), Validators(KeyRing("SECRET-another-key-0123456789-abc"))

    assert one.surrogate_key(1) == Validators(make.KEYS).surrogate_key(1)
    assert len({one.surrogate_key(1), one.surrogate_key(2), other.surrogate_key(1)}) == 3
