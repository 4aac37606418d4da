"""Datetimes as people write them → UTC."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Release, Site
from bot.posts.frontmatter.dates import DatetimeError, Moment, parse_datetime

NEW_YORK = "America/New_York"


def read(text: str, zone: str = NEW_YORK, naive: str = "site", default_time: str = "09:00") -> Moment:
    site = Site.model_validate(
        {"title": "x", "url": "https://heron.example", "timezone": zone, "naive_datetimes": naive}
    )
    return parse_datetime(text, site=site, release=Release(default_time=time.fromisoformat(default_time)))


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2024-07-16 06:00:00", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-07-16 06:00", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-7-16 6:00", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-07-16T06:00:00", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-07-16t06:00", NEW_YORK, "2024-07-16 10:00:00"),
        ("  2024-07-16   06:00:00  ", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-01-16 06:00:00", NEW_YORK, "2024-01-16 11:00:00"),
        ("2024-07-16T06:00:00-04:00", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-07-16 06:00:00 -0400", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-07-16 06:00:00 -4", NEW_YORK, "2024-07-16 10:00:00"),
        ("2024-07-16 06:00:07.999999", NEW_YORK, "2024-07-16 10:00:07"),
        ("2024-07-16 06:00", "UTC", "2024-07-16 06:00:00"),
        ("2024-07-16 06:00Z", "UTC", "2024-07-16 06:00:00"),
        ("2024-07-16 06:00", "Asia/Kathmandu", "2024-07-16 00:15:00"),
        ("2024-01-16 06:00", "Australia/Lord_Howe", "2024-01-15 19:00:00"),
        ("2024-07-16 06:00", "Australia/Lord_Howe", "2024-07-15 19:30:00"),
        ("2024-07-16 06:00", "Pacific/Kiritimati", "2024-07-15 16:00:00"),
        ("1970-01-01 00:00", "UTC", "1970-01-01 00:00:00"),
        ("2200-12-31 23:59", "UTC", "2200-12-31 23:59:00"),
    ],
)
def test_a_datetime_becomes_utc_without_a_remark(text: str, zone: str, utc: str) -> None:
    assert read(text, zone) == Moment(moment=datetime.fromisoformat(utc).replace(tzinfo=UTC))


def test_a_naive_datetime_is_utc_where_the_site_reads_it_so() -> None:
    assert read("2024-07-16 06:00", naive="utc").moment == datetime(2024, 7, 16, 6, tzinfo=UTC)


def test_no_local_gap_matters_where_the_site_reads_utc() -> None:
    assert read("2024-03-10 02:30", naive="utc").moment == datetime(2024, 3, 10, 2, 30, tzinfo=UTC)


def test_an_explicit_utc_is_no_disagreement_where_the_site_reads_utc() -> None:
    assert read("2024-07-16 06:00Z", naive="utc").remarks == ()


@pytest.mark.parametrize(
    ("text", "zone", "default_time", "utc"),
    [
        ("2024-07-16", NEW_YORK, "09:00", "2024-07-16 13:00"),
        ("2024-01-16", NEW_YORK, "09:00", "2024-01-16 14:00"),
        ("2024-07-16", "Asia/Kathmandu", "07:30", "2024-07-16 01:45"),
    ],
)
def test_a_bare_date_means_the_default_time_of_the_site_and_is_remarked(
    text: str, zone: str, default_time: str, utc: str
) -> None:
    for naive in ("site", "utc"):
        found = read(text, zone, naive, default_time)
        assert found.moment == datetime.fromisoformat(utc).replace(tzinfo=UTC)
        assert [remark.rule for remark in found.remarks] == ["bare-date"]
        assert f"{default_time} in {zone}" in found.remarks[0].problem


@pytest.mark.parametrize(
    ("text", "zone", "valid"),
    [
        ("2024-03-10 02:00", NEW_YORK, "2024-03-10 03:00"),
        ("2024-03-10 02:59:59", NEW_YORK, "2024-03-10 03:00"),
        ("2024-03-31 02:30", "Europe/Berlin", "2024-03-31 03:00"),
        ("2024-10-06 02:15", "Australia/Lord_Howe", "2024-10-06 02:30"),
        ("2024-09-08 00:30", "America/Santiago", "2024-09-08 01:00"),
        ("2011-12-30 12:00", "Pacific/Apia", "2011-12-31 00:00"),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused_with_the_next_valid_one(text: str, zone: str, valid: str) -> None:
    with pytest.raises(DatetimeError) as caught:
        read(text, zone)
    assert f"does not exist in {zone}" in caught.value.problem
    assert caught.value.remedy == f"The next valid time is {valid}."


@pytest.mark.parametrize(("text", "hour"), [("2024-03-10 01:59", 6), ("2024-03-10 03:00", 7)])
def test_the_times_beside_the_gap_exist(text: str, hour: int) -> None:
    found = read(text)
    assert (found.moment.hour, found.remarks) == (hour, ())


@pytest.mark.parametrize(
    ("text", "zone", "utc", "first", "second"),
    [
        ("2024-11-03 01:30", NEW_YORK, "2024-11-03 05:30", "01:30:00-04:00", "-05:00"),
        ("2024-10-27 02:00", "Europe/Berlin", "2024-10-27 00:00", "02:00:00+02:00", "+01:00"),
        ("2024-04-07 01:45", "Australia/Lord_Howe", "2024-04-06 14:45", "01:45:00+11:00", "+10:30"),
    ],
)
def test_a_repeated_time_is_the_first_and_is_remarked(text: str, zone: str, utc: str, first: str, second: str) -> None:
    found = read(text, zone)
    assert found.moment == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert [remark.rule for remark in found.remarks] == ["repeated-time"]
    assert first in found.remarks[0].remedy
    assert second in found.remarks[0].remedy


@pytest.mark.parametrize("text", ["2024-11-03 01:30:00-04:00", "2024-11-03 01:30:00-05:00"])
def test_either_offset_of_a_repeated_time_agrees_with_the_zone(text: str) -> None:
    assert read(text).remarks == ()


@pytest.mark.parametrize(
    ("text", "utc", "problem"),
    [
        ("2024-12-06 06:00:00-04:00", "2024-12-06 10:00", f"-04:00, but {NEW_YORK} is -05:00 on 2024-12-06."),
        ("2024-04-05 12:00:00-07:00", "2024-04-05 19:00", f"-07:00, but {NEW_YORK} is -04:00 on 2024-04-05."),
        ("2024-07-16 06:00Z", "2024-07-16 06:00", f"+00:00, but {NEW_YORK} is -04:00 on 2024-07-16."),
    ],
)
def test_an_offset_that_disagrees_is_obeyed_and_remarked(text: str, utc: str, problem: str) -> None:
    found = read(text)
    assert found.moment == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert [(remark.rule, remark.problem) for remark in found.remarks] == [("datetime-offset", problem)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tomorrow", "is not a datetime"),
        ("16.07.2024", "is not a datetime"),
        ("2024-07-16 6 pm", "is not a datetime"),
        ("2024-07-16 06:00 EST", "is not a datetime"),
        ("2024-07-16 06:00:00 -04:00 and more", "is not a datetime"),
        ("２０２４-07-16", "is not a datetime"),
        ("2024-02-30", "calendar"),
        ("2024-13-01 06:00", "calendar"),
        ("2024-07-16 24:00", "calendar"),
        ("2024-07-16 06:60", "calendar"),
        ("1969-12-31 23:00", "the year 1969"),
        ("2201-01-01", "the year 2201"),
        ("0000-01-01", "the year 0"),
        ("2024-07-16 06:00+15:00", "+15:00"),
        ("2024-07-16 06:00-13:00", "-13:00"),
        ("2024-07-16 06:00-99:99", "not in use"),
    ],
)
def test_what_is_no_usable_datetime_is_refused(text: str, problem: str) -> None:
    with pytest.raises(DatetimeError) as caught:
        read(text)
    assert problem in caught.value.problem
    assert caught.value.remedy


@given(
    st.datetimes(min_value=datetime.fromisoformat("1990-01-01"), max_value=datetime.fromisoformat("2040-01-01")),
    st.sampled_from([NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Dublin", "Africa/Casablanca"]),
)
def test_a_local_time_comes_back_as_it_was_or_is_refused(written: datetime, zone: str) -> None:
    written = written.replace(microsecond=0)
    try:
        found = read(f"{written:%Y-%m-%d %H:%M:%S}", zone).moment
    except DatetimeError as error:
        valid = datetime.fromisoformat(error.remedy.removeprefix("The next valid time is ").rstrip("."))
        assert timedelta() < valid - written <= timedelta(hours=24)
        assert read(f"{valid:%Y-%m-%d %H:%M}", zone).remarks == ()
    else:
        local = found.astimezone(Site(title="x", url="https://heron.example", timezone=zone).timezone)
        assert local.replace(tzinfo=None) == written
        assert found.tzinfo is UTC
