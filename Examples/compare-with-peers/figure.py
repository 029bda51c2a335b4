"""A measured figure beside its bar, and Markdown tables of them."""

from typing import NamedTuple

MEGABYTE = 1e6
MEBIBYTE = 2**20


class Figure(NamedTuple):
    name: str
    bar: str
    measured: str
    command: str


def figure(
    name: str, value: float, command: str, *, at_most: float | None = None, at_least: float | None = None,
    form: str = "{:.3f}", note: str = "",
) -> Figure:
    """`form` prints the value and its bar; a figure without a bar cannot be missed."""
    bar, met = "", True
    if at_most is not None:
        bar, met = f"at most {form.format(at_most)}", value <= at_most
    if at_least is not None:
        bar, met = f"at least {form.format(at_least)}", value >= at_least
    return Figure(name, bar, form.format(value) + ("" if met else ", missed") + (f" ({note})" if note else ""), command)


def table(header: list, rows: list) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (header, ["---"] * len(header), *rows)]


def figure_table(figures: list[Figure]) -> list[str]:
    return table(["", "bar", "measured", "command"], [[*entry[:3], f"`{entry.command}`"] for entry in figures])


def threads_text(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"
