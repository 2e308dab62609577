"""Multiplication of whole numbers, up to three digits and on either side of zero."""

import pytest
from multiply import Multiply, fn

PRODUCTS = [
    (2, 3, 6),
    (7, 8, 56),
    (12, 12, 144),
    (19, 21, 399),
    (25, 40, 1000),
    (99, 101, 9999),
    (111, 111, 12321),
    (123, 456, 56088),
    (210, 305, 64050),
    (333, 3, 999),
    (408, 17, 6936),
    (517, 624, 322608),
    (640, 480, 307200),
    (725, 144, 104400),
    (856, 219, 187464),
    (999, 999, 998001),
]


@pytest.mark.parametrize(("a", "b", "product"), PRODUCTS)
def test_product(a: int, b: int, product: int) -> None:
    """The result holds both factors and their product."""
    assert Multiply(a=a, b=b, result=product) == fn(a, b)


@pytest.mark.parametrize(("a", "b"), [(7, 8), (123, 456), (408, 17)])
def test_order_does_not_matter(a: int, b: int) -> None:
    """Exchanging the factors keeps the product."""
    assert fn(a, b).result == fn(b, a).result


@pytest.mark.parametrize("number", [0, 5, 318])
def test_nothing_and_one(number: int) -> None:
    """Zero takes everything, one changes nothing."""
    assert fn(number, 0).result == 0
    assert fn(number, 1).result == number


@pytest.mark.parametrize(("a", "b", "product"), [(-4, 25, -100), (13, -7, -91), (-12, -15, 180)])
def test_signs(a: int, b: int, product: int) -> None:
    """Two negative factors make a positive product, one makes a negative."""
    assert product == fn(a=a, b=b).result
