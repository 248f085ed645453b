from __future__ import annotations

import gzip

import pytest

from gateway.edge.codings import GZIP, IDENTITY, SMALLEST, choose_coding, encode


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        ("", IDENTITY),
        ("gzip", GZIP),
        ("GZIP", GZIP),
        ("x-gzip", GZIP),
        ("br, gzip, deflate", GZIP),
        ("gzip;q=0.001", GZIP),
        ("gzip; q=0.5 , br;q=1.0", GZIP),
        ("*", GZIP),
        ("identity", IDENTITY),
        ("br", IDENTITY),
        ("gzip;q=0", IDENTITY),
        ("gzip;q=0, *", IDENTITY),
        ("*;q=0", IDENTITY),
        ("identity;q=0", IDENTITY),  # nobody is refused
        ("identity;q=0, gzip", GZIP),
        ("identity, gzip;q=0.5", IDENTITY),
        ("identity;q=0.5, gzip;q=0.5", GZIP),
        ("gzip;q=2", IDENTITY),
        ("gzip;q=x", IDENTITY),
        ("gzipped", IDENTITY),
        (",,;q=1,gzip", GZIP),
        ("br," * 60 + "gzip", IDENTITY),  # nobody reads so far
    ],
)
def test_the_coding_is_what_the_client_likes_best(accept_encoding: str, coding: str) -> None:
    assert choose_coding(accept_encoding) == coding


def test_a_body_worth_it_is_encoded_and_always_alike() -> None:
    body = b"a" * SMALLEST

    first, second = encode(body, GZIP), encode(body, GZIP)

    assert first == second
    assert first[1]
    assert gzip.decompress(first[0]) == body


@pytest.mark.parametrize(("size", "coding"), [(SMALLEST - 1, GZIP), (SMALLEST, IDENTITY), (0, GZIP)])
def test_another_stays_as_it_is(size: int, coding: str) -> None:
    assert encode(b"a" * size, coding) == (b"a" * size, False)
