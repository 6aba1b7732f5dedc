"""Say what is left to do in a study: reels, minutes of video, time, hours of a GPU, paid requests, room on the disk.

    snakemake plan

Times are those of this study's own last run, where a stage has run, else of the benchmarks. Nothing is paid.
"""

from __future__ import annotations

import argparse
import environment  # noqa: F401 (before all packages)
import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from common.config import EndpointSection, parse_config
from common.program import parser, run
from estimate_cost import Bill, count_calls
from planning.rates import Rate, own_rate, reference_rate
from planning.workload import Workload, read_workload

VERSION = "1"
# What is left when the reels are done (docs/analysis.md, Time).
ANALYSIS = "Then map, tests and figures: some 3 minutes for 40 creators on two cores; for 400, H2 and H3 alone take 8."


def main(arguments: argparse.Namespace) -> None:
    config = parse_config(yaml.safe_load(arguments.config), "--config")
    if config.source.kind == "bundle":
        print("A bundle has its results: only map, tests and figures are made.", ANALYSIS, sep="\n")  # noqa: T201
        return
    bill = None
    if config.source.kind == "hikerapi":
        bill = count_calls(config.hikerapi, config.select, str(config.source.snapshot), arguments.raw)
    work = read_workload(arguments.results, config, arguments.stages, bill.creators if bill else 0)
    text = [
        f"{config.study.name}: {work.creators} creators, {work.reels} reels, "
        f"{work.total_minutes():.1f} minutes of video",
        *doubts(work),
        "",
        *time_table(work, arguments.results / "journal"),
        "",
        *payments(work, bill),
        *room(work, arguments.store),
        *missing_models(arguments.models, arguments.weights),
    ]
    print("\n".join(text))  # noqa: T201


def doubts(work: Workload) -> Iterator[str]:
    """What is not known yet of creators and videos."""
    if work.further:
        yield f"  {work.further} of the reels are of creators who are not collected yet (select.reels_per_creator each)"
    if unknown := work.reels - len(work.known):
        taken = "as long as the others are on average" if work.known else "half a minute, an assumption"
        yield f"  length known of {len(work.known)} videos; the other {unknown} are taken to be {taken}"


def time_table(work: Workload, journals: Path) -> Iterator[str]:
    """A row for each stage that has something to do, and their sums."""
    left = {stage: work.left(stage) for stage in work.rows if stage != "creators"}
    if not any(left.values()):
        yield "Nothing is left to do for the reels."
        return
    yield f"  {'stage':<16}{'reels left':>10}  {'time':>14}"
    here, on_gpu, unknown = 0.0, 0.0, []
    for stage, minutes in left.items():
        if not minutes:
            continue
        rate = own_rate(journals / stage) or reference_rate(stage, work.config)
        if rate is None:
            unknown.append(stage)
            time, origin = "not known", "not measured: run a few reels, then plan again"
        else:
            seconds = total(rate, minutes)
            on_gpu += seconds * rate.on_gpu
            here += seconds * (not rate.on_gpu)
            time, origin = as_time(seconds), rate.origin
        yield f"  {stage:<16}{len(minutes):>10}  {time:>14}  {origin}"
    also = f", and {as_time(on_gpu)} of a GPU" if on_gpu else ""
    yield f"Together {as_time(here)}{also}{', without ' + ', '.join(unknown) if unknown else ''}."
    yield ANALYSIS


def total(rate: Rate, minutes: list[float]) -> float:
    """Seconds that videos of these lengths take."""
    return sum(rate.seconds + rate.seconds_a_minute * length for length in minutes)


def as_time(seconds: float) -> str:
    """A time as people say it; it is never more exact than a minute."""
    if seconds < 90:
        return "about 1 minute"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def payments(work: Workload, bill: Bill | None) -> Iterator[str]:
    """What services will ask money for; one line where there are none."""
    config, none = work.config, True
    if bill:
        price = config.hikerapi.price_per_1000_calls / 1000
        least, most = bill.left.least, bill.left.most
        yield f"HikerAPI: {least} to {most} calls, {least * price:.2f} to {most * price:.2f} USD (snakemake cost)"
        none = False
    if config.music.backend != "none" and (left := len(work.left("music"))):
        yield f"ACRCloud: at most {left} questions; see the price of your plan"
        none = False
    for stage, section in (("context", config.context), ("description", config.description)):
        if section.backend == "openai" and (left := len(work.left(stage))):
            yield f"{section.endpoint.model} ({stage}): {left} requests{at_price(work, stage, left, section.endpoint)}"
            none = False
    if none:
        yield "No service is paid."


def at_price(work: Workload, stage: str, left: int, endpoint: EndpointSection) -> str:
    """The price of requests to a server, by what those before cost."""
    spent = work.costs(stage)
    if spent:
        return f", about {left * sum(spent) / len(spent):.2f} USD, by the {len(spent)} answers so far"
    if endpoint.price_per_1m_input_tokens or endpoint.price_per_1m_output_tokens:
        return "; describe a few reels first, then plan again: their tokens tell the price"
    return f"; {stage}.endpoint.price_per_1m_input_tokens and ..._output_tokens are 0: no price is known"


def room(work: Workload, store: Path) -> Iterator[str]:
    """Room on the disk that results will take, and what is free where the store lies."""
    downloads = work.config.source.kind in ("hikerapi", "exports")
    needed = sum(work.megabytes(stage, downloads) for stage in work.rows if stage != "creators")
    there = next(place for place in (store.absolute(), *store.absolute().parents) if place.is_dir())
    free = shutil.disk_usage(there).free / 1e9
    more = f"{needed / 1000:.1f} GB" if needed >= 1000 else f"{needed:.0f} MB"
    yield f"Disk: about {more} more; {free:.0f} GB are free in {there}"


def missing_models(names: list[str], folder: Path) -> Iterator[str]:
    """Models that the run will download first."""
    if missing := [name for name in dict.fromkeys(names) if not (folder / name).is_dir()]:
        yield f"To be downloaded first: the models {', '.join(missing)} (docs/models.md)"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--config", required=True, metavar="YAML", help="the configuration with its defaults")
    options.add_argument(
        "--stages", nargs="*", default=[], metavar="FOLDER", help="folders of the stages in the results"
    )
    options.add_argument("--results", type=Path, default=Path("results"), help="folder of the results [%(default)s]")
    options.add_argument("--store", type=Path, default=Path("data/store"), help="folder of the store [%(default)s]")
    options.add_argument("--raw", type=Path, default=Path("data/raw"), help="folder of paid answers [%(default)s]")
    options.add_argument("--weights", type=Path, default=Path("data/models"), help="folder of the models [%(default)s]")
    options.add_argument("--models", nargs="*", default=[], metavar="NAME", help="models that the study uses")
    return options.parse_args(argv)


if __name__ == "__main__":
    run(main, parse())
