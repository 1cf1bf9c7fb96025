"""`auxfocus bench`: the benchmarks, one module each."""

from __future__ import annotations

from typing import Any


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command and its benchmarks."""
    from auxfocus_ros.commands import (
        bench_allinfocus,
        bench_analysis,
        bench_autofocus,
        bench_distribution,
        bench_lens,
        bench_monodepth,
        bench_simulation,
        bench_stream,
        bench_topics,
        bench_transport,
    )

    parser = subparsers.add_parser(
        "bench", help=line, description=line, epilog="example: auxfocus bench stream --json out/stream.json"
    )
    benchmarks = parser.add_subparsers(dest="benchmark", metavar="BENCHMARK", required=True)
    bench_transport.add_parser(benchmarks)
    bench_stream.add_parser(benchmarks)
    bench_lens.add_parser(benchmarks)
    bench_distribution.add_parser(benchmarks)
    bench_autofocus.add_parser(benchmarks)
    bench_allinfocus.add_parser(benchmarks)
    bench_monodepth.add_parser(benchmarks)
    bench_analysis.add_parser(benchmarks)
    bench_simulation.add_parser(benchmarks)
    bench_topics.add_parser(benchmarks)
