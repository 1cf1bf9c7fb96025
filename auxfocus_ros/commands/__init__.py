"""The subcommands of `auxfocus`, one file each, and the few things that they share: running the graph, pictures and films out.

Each command's module has `add_parser(subparsers, line)`, which sets `run` as the parser's default.
"""
