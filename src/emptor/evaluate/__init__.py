"""How good a ranking is: judgements, metrics, intervals, tests and the random floor beside them.

judgements = read_judgements("judged.csv")
report = evaluate(search, judgements, ["ndcg@10", "recall@100"], catalogue_size=45_305)
report.print()
"""

from emptor.evaluate.floor import random_floor
from emptor.evaluate.judgement_files import read_judgements
from emptor.evaluate.judgements import Fault, Judgements
from emptor.evaluate.metrics import DEFAULT_METRICS, Metric, parse_metrics
from emptor.evaluate.offline import evaluate
from emptor.evaluate.report import Report
from emptor.evaluate.runs import Result, Run, evaluate_run
from emptor.evaluate.shop import evaluate_shop
from emptor.evaluate.statistics import Comparison, Summary, compare, summarise

__all__ = [
    "DEFAULT_METRICS",
    "Comparison",
    "Fault",
    "Judgements",
    "Metric",
    "Report",
    "Result",
    "Run",
    "Summary",
    "compare",
    "evaluate",
    "evaluate_run",
    "evaluate_shop",
    "parse_metrics",
    "random_floor",
    "read_judgements",
    "summarise",
]
