"""Lets `python -m web` stand for the program `onrecord`; it does nothing else."""

from web.cli import main

main()
