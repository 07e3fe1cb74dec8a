"""Comparisons that say whether the market can be trusted: each on pairs of worlds, its cause on and off.

python -m benchmarks.market_pairs.NAME [--seeds N] [--quick]     one of them
python -m benchmarks.market_pairs.everything [--quick]           all of them

Every script merges its rows into docs/results/market_pairs.json as soon as it has them.
"""
