from datetime import UTC, datetime, timedelta

from django import forms
from django.template import Context, Template
from django.utils import timezone

AT = datetime(2026, 11, 21, 9, 31, 40, tzinfo=UTC)


def render(source, **context):
    return Template("{% load portal_ui %}" + source).render(Context(context)).strip()


def test_a_state_is_a_shape_and_a_word():
    html = render('{% status "account" "verified" %}')

    assert 'class="status is-ok"' in html
    assert "#s-ok" in html
    assert "<span>verified</span>" in html


def test_a_moving_state_turns():
    assert "icon spin" in render('{% badge "host" "ready" %}')


def test_a_badge_may_say_more_than_its_state():
    assert render('{% badge "deployment" "live" "revision 14 is live" %}').endswith(
        "revision 14 is live</span>"
    )


def test_a_time_is_relative_and_exact_in_its_title():
    html = render("{% moment at %}", at=timezone.now() - timedelta(minutes=5, seconds=1))

    assert ">5 min ago</time>" in html
    assert 'UTC" data-relative' in html


def test_a_time_on_the_clock_does_not_grow_older():
    html = render('{% moment at "clock" %}', at=AT)

    assert html == '<time datetime="2026-11-21T09:31:40Z" title="2026-11-21 09:31:40 UTC">09:31:40</time>'


def test_what_never_happened_says_so():
    assert render("{% moment at %}", at=None) == '<span class="quiet">never</span>'


def test_an_identifier_is_escaped_and_copied_whole():
    html = render("{% identifier text shown %}", text='a"b', shown="a…")

    assert "<code>a…</code>" in html
    assert 'data-copy="a&quot;b"' in html


class Sample(forms.Form):
    account = forms.CharField(label="Account id", help_text="12 digits")
    zone = forms.ChoiceField(choices=[("a", "a")], required=False)


def test_a_field_ties_its_label_hint_and_error_to_the_control():
    html = render("{% field form.account mono=True %}", form=Sample({"account": ""}))

    assert '<label for="id_account">Account id</label>' in html
    assert 'class="input mono"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_account_error"' in html
    assert 'id="id_account_helptext"' in html
    assert 'aria-describedby="id_account_helptext id_account_error"' in html


def test_a_choice_wears_an_arrow_and_says_that_it_is_optional():
    html = render("{% field form.zone %}", form=Sample())

    assert '<span class="select">' in html
    assert "optional" in html


def test_a_flat_mapping_reads_as_a_line():
    assert (
        render("{{ detail|facts }}", detail={"host_count": 3, "zones": ["a", "b"], "problem": ""})
        == "host count 3, zones a, b"
    )
