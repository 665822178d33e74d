"""``make bench``: every figure, one after the other, each beside its reference; a table, JSON and a chart.

Run: ``python -m benchmarks [--only P1,P3] [--quick] [--into build/bench]``. A script is found by its ``NAMES``. Exits
with 0, also where a goal was not reached: that is said at the end.
"""

import argparse
import importlib
import pkgutil
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType

import benchmarks
from benchmarks.report import machine, table, write
from benchmarks.support import Figure


def scripts() -> list[ModuleType]:
    """Every module here that measures figures, in the order of their names."""
    found = [
        importlib.import_module(f"benchmarks.{each.name}")
        for each in pkgutil.iter_modules(benchmarks.__path__)
        if each.name not in ("__main__", "load")
    ]
    return sorted((each for each in found if hasattr(each, "NAMES")), key=lambda each: _order(each.NAMES[0]))


def _order(name: str) -> tuple[bool, int, str]:
    number = name.removeprefix("P")
    return (not number.isdigit(), int(number) if number.isdigit() else 0, name)


def measure(only: set[str], quick: bool) -> tuple[list[Figure], list[str]]:
    """The figures, and the scripts that failed. One that fails does not keep the others from being measured."""
    figures: list[Figure] = []
    failed = []
    for script in scripts():
        wanted = set(script.NAMES) & only if only else set(script.NAMES)
        if not wanted:
            continue
        names, begun = ", ".join(sorted(wanted)), time.monotonic()
        print(f"{names} …", end="", flush=True, file=sys.stderr)
        try:
            figures += script.figures(quick, wanted)
        except Exception:
            traceback.print_exc()
            failed.append(f"{names} ({script.__name__})")
        print(f" {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return sorted(figures, key=lambda each: _order(each.name)), failed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="names of figures, with commas")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, smaller tables")
    parser.add_argument("--into", type=Path, default=Path("build/bench"), help="where JSON and chart go")
    options = parser.parse_args()
    only = {name.strip().upper() for name in options.only.split(",") if name.strip()}
    known = {name for script in scripts() for name in script.NAMES}
    if only - known:
        parser.error(
            f"no such figure: {', '.join(sorted(only - known))}; there are {', '.join(sorted(known, key=_order))}"
        )
    about = machine()
    figures, failed = measure(only, options.quick)
    about["load_average_after"] = machine()["load_average"]
    print(f"\n{table(figures)}\n")
    short = [f"{each.name} ({each.what})" for each in figures if not each.is_reached]
    print("Short of their goals: " + ("; ".join(short) if short else "none"))
    if failed:
        print("Could not be measured: " + "; ".join(failed))
    print(
        f"{about['cores']} cores, load average {about['load_average'][0]} before and "
        f"{about['load_average_after'][0]} after"
    )
    for path in write(options.into, figures, about):
        print(path)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
