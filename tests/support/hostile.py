"""Strings that break what prints them without care."""

HOSTILE = (
    "a | b || c",
    "<script>alert('x')</script><b>bold</b> &amp; \"quoted\"",
    "first\nsecond\r\nthird\rfourth\u2028fifth",
    "::error file=a.py,line=1::gotcha",
    "\n::set-output name=x::y",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b1m",
    "`code` ``` fence ``` *bold* _it_ [link](javascript:alert(1)) ![i](http://x) # head",
    "abc\u202egnp.exe\u2066\u2069\u200f",
    "</details></table><!-- %0A %25 -->",
    "{{ 7 * 7 }} {% raw %} ${x} [bold]",
    "\x00\x07\x08\x7f\t tab",
    "\ud800 lone",
    "e\u0301 \u6f22\u5b57 \U0001f600",
    "x" * 500,
)
