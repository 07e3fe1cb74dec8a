"""What would another ranking have earned? Estimates from a log whose first places were shuffled on a share of pages.

**What the shop leaves to chance** (`emptor.cascade.explore`): on a share s of pages the first n products that may move
are put into an order drawn evenly from all n! orders; on the others they stand where the cascade put them. So a product
of that head stands at its own place with chance 1 - s + s/n and at each other place of the head with s/n; this marginal
chance is what the log holds as `propensity`. Behind the head, and where merchandising pins, nothing is left to chance.

**What follows.** The chance of a whole page is (1 - s) [own order] + s/n!, so weighing whole pages works for the
cascade's own order and for no other. What the marginal chances support is the *item-position model*: whether a product
is clicked depends on the request, the product and its place, not on what else is on the page. Then each place is a
bandit of its own, and every estimator here is unbiased (SNIPS: consistent) for the places it supports. It is an
assumption: readers who stay longer on good pages, or are bored by alike neighbours, break it.

**Support.** A product can be at a place in the log only if it is in the shuffled head (or stands there anyway). What a
target draws from behind the head is not in the log: IPS counts it as nothing, SNIPS as the place's average, DR as its
model says. `Estimate.support` is the share of the target's places that the log could have shown.

| method | value of a page | needs |
|---|---|---|
| `ips` | sum of w c | clicks |
| `snips` | place by place, sum of w c / sum of w | whole pages |
| `dr` | sum of q(target) + w (c - q(logged)) | whole pages, a reward model q |
| `examination` | clicks moved to the target's places by the curve of examination | that curve: see `Curve` |
| `direct` | sum of q(target): the model's own opinion | a reward model |
| `agreeing` | as snips with w = 1 where target and log agree: what one counts who ignores propensities | whole pages |

w = [the target puts the logged product at its logged place] / propensity, at most `clip`. c: click or order.

Sources: Joachims, Swaminathan and Schnabel, Unbiased Learning-to-Rank with Biased Feedback (WSDM 2017), for
propensities of places and their estimate by random swaps; Swaminathan and Joachims, The Self-Normalized Estimator for
Counterfactual Learning (NIPS 2015); Dudik, Langford and Li, Doubly Robust Policy Evaluation and Learning (ICML 2011);
Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay and Wen, Offline Evaluation of Ranking Policies with Click Models (KDD
2018), for the item-position estimator and the position-based one (`examination`). Deviation from the last: propensities
are known from the declared shuffle, and not counted.

Example:
    >>> from emptor.engine import Engine
    >>> from emptor.evaluate.off_policy import estimate, read_logged, replayed
    >>> from emptor.serve.traces import read_traces
    >>> engine = Engine.open("my-shop")
    >>> logged = read_logged(engine, read_traces("my-shop"))
    >>> for own in estimate(logged, replayed(engine, logged, "challenger")):
    ...     print(own.method, own.value, own.low, own.high)
"""

from emptor.evaluate.off_policy.estimators import Estimate, difference, estimate
from emptor.evaluate.off_policy.logged import Logged, Ranked, read_logged
from emptor.evaluate.off_policy.places import Curve, examination
from emptor.evaluate.off_policy.replay import replayed
from emptor.evaluate.off_policy.rewards import Reward, by_place, by_score, ranker_scores

__all__ = [
    "Curve",
    "Estimate",
    "Logged",
    "Ranked",
    "Reward",
    "by_place",
    "by_score",
    "difference",
    "estimate",
    "examination",
    "ranker_scores",
    "read_logged",
    "replayed",
]
