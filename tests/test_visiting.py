"""The strict eye that looks at every page of these tests sees what is wrong with one."""

import pytest

from tests.visiting import faults_of

HEAD = '<!doctype html><html lang="en"><head><title>Title</title></head><body><h1>Heading</h1>'


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p>never <b>closed</p>", "line 1: unexpected-end-tag-implies-table-voodoo"),
        ("<h1>Another</h1>", "2 <h1>, or an empty one"),
        ("<p id=a></p><p id=a></p>", "two of id 'a'"),
        ("<label for=a>Name</label>", "for='a' leads nowhere"),
        ("<p aria-describedby='a b'></p><p id=a></p>", "aria-describedby='b' leads nowhere"),
        ("<a href='#a'>There</a>", "#a leads nowhere"),
        ("<input name=a>", "input 'a' has no label"),
        ("<label for=a></label><textarea id=a name=a></textarea>", "textarea 'a' has no label"),
        ("<form method=post></form>", "a form without a token"),
        ("<form method=POST><input type=hidden name=csrf_token value=''></form>", "a form without a token"),
        ("<script>alert(1)</script>", "<script> in the page"),
        ("<style>p {}</style>", "<style> in the page"),
        ("<p style='color: red'></p>", "style= on <p>"),
        ("<p onclick='f()'></p>", "onclick= on <p>"),
        ("<a href=' JavaScript:f()'>x</a>", "href=' JavaScript:f()' on <a>"),
    ],
)
def test_every_kind_of_fault_is_seen(body, fault):
    found = faults_of(HEAD + body)
    if fault.startswith("line"):
        assert [one for one in found if one.startswith("line 1: ")]
    else:
        assert [one for one in found if one.startswith(fault)], found


def test_a_page_without_title_heading_or_language_is_seen():
    assert set(faults_of("<!doctype html><html><body><h1> </h1></body></html>")) == {
        "0 <title>, or an empty one",
        "1 <h1>, or an empty one",
        "no language is said",
    }


def test_a_good_page_is_let_through():
    form = "<form method=post><input type=hidden name=csrf_token value=x><label>Name <input name=a></label></form>"
    assert faults_of(f"{HEAD}{form}<a href='#b'>There</a><p id=b></p><script src='/x.js'></script>") == []
