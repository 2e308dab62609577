"""The smallest task: the multiplication with which `instructor` introduced distillation."""

from pydantic import BaseModel, Field

from pytest_distil import distil


class Multiply(BaseModel):
    """Two factors and their product."""

    a: int = Field(description="The first factor, as given.")
    b: int = Field(description="The second factor, as given.")
    result: int = Field(description="a times b.")


@distil
def fn(a: int, b: int) -> Multiply:
    """Multiply two whole numbers."""
    return Multiply(a=a, b=b, result=a * b)
