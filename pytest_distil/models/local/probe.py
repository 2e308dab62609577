"""A text that tells tokenizers apart."""

PROBE = """\
It's 7 o'clock, we'll see: 42, 1999, 31415926 and 3.50 €; they'RE here, I'VE 12x3 and x12.
   Three spaces,  two,\t\ttabs, and a line's end \r\n\n\n  Grüße, naïve café, Ångström; Привет, мир! Ελλάδα 2024年
日本語のテキストと漢字。中文，没有空格！한국어 문장 עברית हिन्दी ไทย 👍🏽👨‍👩‍👧 ½ ² x² №5 ٣٤٥
def f(a_b, *args): return {'k': [1, -2.5e-10], "s": "\\\\n"}  # <html> &amp; $x += y != z || !w ... --- ***
{"id":1234567,"name":"ann@example.org","tags":["a","b"],"price":12.30,"at":"2024-05-06T07:08:09Z","ok":null}
CamelCase snake_case UPPER ALLCAPS'S I'd  'tis ''quoted'' (a)(b) [c]{d} https://example.org/a?b=c#d 100% 1,000,000
\t  ends with space   """  # noqa: RUF001 - punctuation of several scripts is meant
