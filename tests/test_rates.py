"""The file of rates: every figure with its source, or it is refused."""

import contextlib
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import rates
from forensics.core.errors import RatesError
from forensics.core.ranges import point, ranged

ROOT = Path(__file__).parents[1]
SAMPLE = (ROOT / "sample_logs" / "rates.toml").read_bytes()
LEAST = b"""
currency = "EUR"
[[rate]]
per = "gpu_hour"
price = 0.1
electricity = "included"
source = "price list"
date = 2026-10-01
"""


def test_the_sample_is_read_and_says_that_it_is_invented():
    read = rates.rates(SAMPLE, "rates.toml")
    assert [r.per for r in read.rates] == ["gpu_hour", "node_hour"]
    assert read.energy.tariff == ranged(Fraction("0.18"), Fraction("0.22"), Fraction("0.27"))
    assert (read.stated.gpus, read.stated.loss) == (8000, Decimal(10_000_000))
    sources = re.findall(rb'^source = "(\w+)', SAMPLE, re.MULTILINE)
    assert set(sources) == {b"INVENTED"}


def test_the_how_to_shows_a_file_that_is_read():
    page = (ROOT / "docs" / "how-to" / "estimate-damage.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    read = rates.rates("".join(blocks).encode(), "the how-to")
    assert read.rates
    assert read.good
    assert read.unusable
    assert read.slowdowns
    assert read.reruns


def test_a_tenth_is_a_tenth():
    """A float would be 0.1000000000000000055."""
    assert rates.rates(LEAST, "r").rates[0].price == point(Fraction(1, 10))


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (b'currency = "EUR"', b"", "currency"),
        (b'currency = "EUR"', b'currency = "euros"', "currency"),
        (b'electricity = "included"', b"", "electricity"),
        (b'electricity = "included"', b'electricity = "maybe"', "electricity"),
        (b'source = "price list"', b"", "source"),
        (b"date = 2026-10-01", b"", "date"),
        (b"date = 2026-10-01", b'date = "October"', "date"),
        (b'per = "gpu_hour"', b'per = "gpu_day"', "per"),
        (b"price = 0.1", b"price = -1", "price"),
        (b"price = 0.1", b"price = nan", "price"),
        (b"price = 0.1", b"price = true", "price"),
        (b"price = 0.1", b"price = { low = 2, high = 1 }", "price"),
        (b"price = 0.1", b"price = { low = 1, central = 3, high = 2 }", "price"),
        (b"price = 0.1", b"price = { high = 2 }", "low"),
        (b"[[rate]]", b"[rate]", "rate"),
        (b"[[rate]]", b"[[rates]]", "rate"),
        (b"[[rate]]", b"[[rate", "TOML"),
        (b"price list", b"\xff", "TOML"),
    ],
    ids=lambda v: v.decode("utf-8", "replace") if isinstance(v, bytes) else v,
)
def test_what_is_missing_or_wrong_is_named(was, now, says):
    with pytest.raises(RatesError, match=rf"^r(: rate 1)?.*{says}"):
        rates.rates(LEAST.replace(was, now), "r")


def test_power_without_overhead_is_refused():
    energy = b'[energy]\npue = 0.9\nwatts_per_gpu = 500\nsource = "s"\ndate = 2026-10-01\n'
    with pytest.raises(RatesError, match="pue"):
        rates.rates(LEAST + energy, "r")


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, len(SAMPLE)), st.integers(0, 40), st.binary(max_size=8))
def test_damage_to_the_file_is_told_and_never_worse(at, length, put):
    raw = SAMPLE[:at] + put + SAMPLE[at + length :]
    with contextlib.suppress(RatesError):
        assert rates.rates(raw, "r").rates
