"""Building what answers requests: a shop's channels and cascades over one view."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from emptor.cascade import Cascade, Methods, Pace
from emptor.errors import EmptorError
from emptor.merchandise import NAME as RULES
from emptor.merchandise import Blocks, Rules, read_rules
from emptor.merchandise import methods as merchandise_methods
from emptor.prerank import methods as prerank_methods
from emptor.prerank.trained import TrainedPrerankers
from emptor.rank import methods as rank_methods
from emptor.rank.trained import TrainedRankers
from emptor.rerank import methods as rerank_methods
from emptor.rerank.trained import TrainedRerankers
from emptor.retrieve.alike import AlikeChannel
from emptor.retrieve.channel import NOTHING, Channel, Excluded
from emptor.retrieve.dense import DenseChannel, VectorIndex
from emptor.retrieve.lexical import LexicalChannel
from emptor.retrieve.names import NAMES as RETRIEVERS
from emptor.retrieve.personal import PersonalChannel
from emptor.retrieve.popular import PopularChannel
from emptor.retrieve.reading import Reader
from emptor.retrieve.spelling import Spelling
from emptor.retrieve.stage import methods as retrieve_methods
from emptor.retrieve.suggest import Suggester
from emptor.retrieve.synonyms import Line, Synonyms, read_lines
from emptor.shop.config import CascadeOptions, StageOptions
from emptor.shop.files import stamp
from emptor.shop.filters import Filters
from emptor.shop.generation import Generation
from emptor.shop.history import KnownUsers
from emptor.shop.manifest import Manifest
from emptor.shop.popularity import past_queries
from emptor.shop.shop import Shop
from emptor.shop.taste import Measured, Taste
from emptor.shop.view import View

if TYPE_CHECKING:
    from emptor.retrieve.trained import TrainedRetrievers

log = logging.getLogger(__name__)

INITIAL = "initial"
"""The cascade that shop.toml calls "default", whatever was promoted since."""


@dataclass(frozen=True)
class Assembled:
    """Everything built for one view: replaced as a whole, so that no page mixes two."""

    view: View
    cascades: dict[str, Cascade]
    lexical: LexicalChannel
    suggester: Suggester
    taste: Taste
    rules: Rules
    promoted: str
    """The cascade of shop.toml that "default" stands for."""
    blocks: Blocks
    unblocked: Methods
    """Retrieval that no rule keeps anything from: what explains which products the blocks have cost a list."""
    rule_faults: tuple[str, ...] = ()
    """What of the rules' file is not in force, and why: all of it, or the rules that are left out."""
    initial_is_own: bool = False
    """Whether shop.toml has a cascade of its own called "initial"."""
    off: Mapping[str, str] = field(default_factory=dict)
    """Cascades of shop.toml that cannot be assembled, and why; the default is never among them. The shop's folder is
    called SHOP in these sentences: whoever asks for such a cascade is told them, on the network too.
    """

    @property
    def rule_notes(self) -> list[str]:
        """Rules in force that move nothing, since they are for a product that the shop does not have."""
        return [
            f"rule {rule.id!r} ({rule}): the shop has no product {rule.product_id!r}; mend its product_id, or end it"
            for rule in self.rules.moving
            if rule.product_id is not None and self.view.row(rule.product_id) is None
        ]

    @property
    def names(self) -> list[str]:
        """The cascades that differ: "initial" is another name of "default" until a cascade is promoted."""
        differs = self.initial_is_own or self.promoted != "default"
        return sorted(name for name in self.cascades if name != INITIAL or differs)

    def cascade(self, name: str) -> Cascade:
        """A cascade by its name. Raises EmptorError for one that there is not, or that is off."""
        if name not in self.cascades:
            raise self.refusal(name)
        return self.cascades[name]

    def refusal(self, name: str) -> EmptorError:
        """Why a name is not that of a cascade that answers."""
        if name in self.off:
            return EmptorError(f"cascade {name!r} is off: {self.off[name]}")
        return EmptorError(f"unknown cascade {name[:80]!r}; known: {self.told_names}")

    @property
    def told_names(self) -> str:
        """`names` for an error: "initial" stands in no shop.toml."""
        other = "" if self.initial_is_own else " (what shop.toml calls default)"
        return ", ".join(f"{name}{other if name == INITIAL else ''}" for name in self.names)


class Assembler:
    """Makes an `Assembled` for each view of a shop, and keeps what all views of a generation share.

    The one place that knows every stage: a new stage is built here and named in shop.toml.

    Args:
        knows_users: read what is known of users at once, whether or not a cascade needs it. at_once: build indexes of
            vectors now, rather than when somebody first asks.
    """

    def __init__(self, shop: Shop, *, knows_users: bool = False, at_once: bool = False) -> None:
        self._shop = shop
        self._knows_users, self._at_once = knows_users, at_once
        self._paces: dict[str, Pace] = {}
        self._spelling: tuple[Generation, Spelling] | None = None
        self._suggester: tuple[Generation, Suggester] | None = None
        self._vectors: tuple[Generation, VectorIndex] | None = None
        self._measured: tuple[Generation, Measured] | None = None
        self._rankers = TrainedRankers(shop)
        self._prerankers = TrainedPrerankers(shop, self._rankers)
        self._rerankers = TrainedRerankers(shop, self._rankers)
        self._retrieving: TrainedRetrievers | None = None
        self._rules: Rules | None = None
        self._rule_faults: tuple[str, ...] = ()
        self._lines: list[Line] | None = None
        self._built: tuple[object, ...] = ()
        self._waits = False

    def is_stale(self, manifest: Manifest) -> bool:
        """Whether anything but the catalogue has changed since the last assembly."""
        # a model that the manifest does not name changes nothing, unless a cascade is off for want of it
        models = _models(self._shop.path) if self._waits else ()
        return (*self._state(manifest), models) != self._built

    def _state(self, manifest: Manifest) -> tuple[object, ...]:
        path = self._shop.path
        return (
            stamp(path / "synonyms.txt"),
            stamp(path / RULES),
            id(self._shop.options),
            manifest.cascade,
            tuple(sorted(manifest.models.items())),
        )

    def assemble(self, view: View, manifest: Manifest) -> Assembled:
        """Build everything for a view. A cascade that cannot be built is off, see `Assembled.off`.

        Raises: EmptorError where the default cascade asks for what there is not.
        """
        before, models = self._state(manifest), _models(self._shop.path)
        self._built = (*before, models if self._waits else ())
        generation = view.generation
        if self._suggester is None or self._suggester[0] is not generation:
            self._suggester = (generation, Suggester(view, queries=past_queries(self._shop)))
        rules, damage = self._read_rules()
        lines, unusable = _usable(rules, view)
        options = self._shop.options
        lexical = self._lexical(view, lines)
        popular, blocks, taste = PopularChannel(view), Blocks(view, rules), self._taste(view)
        others: dict[str, Channel] = {
            **self._dense(view),
            "personal": PersonalChannel(view, taste=taste, popular=popular),
        }

        def excluding(query: str | None, filters: Filters) -> Excluded:
            return Excluded(*own) if any(own := blocks.of(query, filters)) else NOTHING

        def trained(name: str, version: str) -> Channel:
            return AlikeChannel(self._retrievers().channel(name, version, manifest.models, view), taste=taste)

        methods: Methods = {
            **retrieve_methods(lexical=lexical, popular=popular, others=others, trained=trained, excluding=excluding),
            **prerank_methods(lambda name: self._prerankers.method(name, manifest.models)),
            **rank_methods(taste, lambda name: self._rankers.method(name, manifest.models)),
            **rerank_methods(self._rerankers.greedy, lambda name: self._rerankers.method(name, manifest.models)),
            **merchandise_methods(rules),
        }
        if manifest.cascade in options.off:
            why = options.off[manifest.cascade]
            raise EmptorError(f"{self._shop.path}: the default cascade is {manifest.cascade!r}: {why}")
        if manifest.cascade not in options.cascade:
            raise EmptorError(
                f"{self._shop.path}: the default cascade is {manifest.cascade!r}, which shop.toml lacks; put it back, "
                "or take the promotion back with `emptor rollback`"
            )
        named = {"default": options.cascade[manifest.cascade], INITIAL: options.cascade["default"]}
        named = {**named, **{name: own for name, own in options.cascade.items() if name != "default"}}
        cascades: dict[str, Cascade] = {}
        off: dict[str, str] = dict(options.off)
        for name, own in named.items():
            if name in off:  # one of the shop's own that is called "initial"
                continue
            try:
                cascades[name] = Cascade(name, _with_rules(own, rules), view, methods=methods, paces=self._paces)
            except Exception as error:  # visitors are served by the default, whatever is wrong with another
                if name == "default":
                    raise
                if not isinstance(error, EmptorError):
                    log.exception("cascade %r could not be assembled", name)
                    error = EmptorError(f"it failed: {type(error).__name__}: {error}")
                off[name] = _without_folder(str(error), self._shop.path)
        self._waits = bool(off)
        self._built = (*before, models if off else ())
        return Assembled(
            view,
            cascades,
            lexical,
            self._suggester[1].without(blocks.everywhere(view), view),
            taste,
            rules,
            manifest.cascade,
            blocks,
            retrieve_methods(lexical=lexical, popular=popular, others=others, trained=trained),
            self._told(damage, [*map(str, rules.left_out), *unusable]),
            INITIAL in options.cascade,
            off,
        )

    def lexical(self, view: View) -> LexicalChannel:
        """What finds by words in a view, and needs no cascade."""
        return self._lexical(view, _usable(self._read_rules()[0], view)[0])

    def _lexical(self, view: View, lines: list[Line]) -> LexicalChannel:
        if self._spelling is None or self._spelling[0] is not view.generation:
            self._spelling = (view.generation, Spelling(view.generation.words))
        options = self._shop.options.search
        synonyms = Synonyms([*self._read_synonyms(view), *lines], view.analyser)
        reader = Reader(view.analyser, options, synonyms=synonyms, spelling=self._spelling[1], holds=view.holds)
        return LexicalChannel(view, options, reader=reader)

    def _taste(self, view: View) -> Taste:
        """What is known of users; read now, and not while somebody waits, where a cascade or the server needs it."""
        if self._measured is None or self._measured[0] is not view.generation:
            self._measured = (view.generation, Measured(KnownUsers(self._shop, view.generation)))
        measured = self._measured[1]
        if self._knows_users or any(_is_personal(own) for own in self._shop.options.cascade.values()):
            _ = measured.background
        return Taste(view, measured)

    def _read_rules(self) -> tuple[Rules, str | None]:
        """The shop's rules, and what is wrong with their file as a whole: a shop is not stopped by it, and those that
        were read last stand in, or none.
        """
        try:
            self._rules = read_rules(self._shop.path)
        except EmptorError as error:
            stays = "no rule is in force" if self._rules is None else "the rules read before stay in force"
            return self._rules or Rules(), f"{error}; until then {stays}"
        return self._rules, None

    def _told(self, damage: str | None, left_out: list[str]) -> tuple[str, ...]:
        """The faults of the rules' file in sentences; those that are new go to the log."""
        own = f"{self._shop.path / RULES}, "
        cure = "; it is left out until it is mended in the file"
        faults = (damage,) if damage else tuple(f"{own}{fault}{cure}" for fault in left_out)
        for fault in faults:
            if fault not in self._rule_faults:
                log.warning("%s", fault)
        self._rule_faults = faults
        return faults

    def _read_synonyms(self, view: View) -> list[Line]:
        """The lines of the shop's synonyms file; while it cannot be read, those that were read last stand in."""
        try:
            lines = read_lines(self._shop.path / "synonyms.txt")
            Synonyms(lines, view.analyser)  # raises for a line that cannot be read
            self._lines = lines
        except EmptorError as error:
            if self._lines is None:
                raise
            log.warning("%s; the synonyms read before stay in force", error)
        return self._lines

    def _retrievers(self) -> TrainedRetrievers:
        """Made when a cascade names one: a shop without should not pay for loading torch."""
        if self._retrieving is None:
            from emptor.retrieve.trained import TrainedRetrievers

            self._retrieving = TrainedRetrievers(self._shop, at_once=self._at_once)
        return self._retrieving

    def _dense(self, view: View) -> dict[str, Channel]:
        """The dense channel, where the generation has vectors of the shop's encoder."""
        encoder, made = self._shop.encoder, view.generation.vectors
        if encoder is None:
            return {}
        if made is None or made[1] != encoder.fingerprint:
            raise EmptorError(
                f"the products of {self._shop.path} have no vectors of the encoder that shop.toml names; "
                f"run `emptor publish {self._shop.path}`"
            )
        if self._vectors is None or self._vectors[0] is not view.generation:
            self._vectors = (view.generation, VectorIndex(made[0]))
            if self._at_once:
                self._vectors[1].build()
        return {"dense": DenseChannel(view, encoder=encoder, index=self._vectors[1])}


def _models(shop: Path) -> tuple[tuple[str, tuple[int, int, int]], ...]:
    """The versions of models that are there, and what changes when one is put in another's place."""
    return tuple(sorted((str(own), stamp(own)) for own in shop.glob("models/*/*/*")))


def _without_folder(sentence: str, shop: Path) -> str:
    """A sentence for whoever asks, on the network too, where the shop's folder is nobody's business."""
    return re.sub(rf"(?<!\S){re.escape(str(shop))}(?=[/\s,;:)]|$)", "SHOP", sentence)


def _is_personal(options: CascadeOptions) -> bool:
    """Whether a cascade asks what is known of the user."""
    channels = ("personal", *RETRIEVERS)
    return any(
        own.stage in ("prerank", "rank", "rerank") or any(name in own.options.get("channels", ()) for name in channels)
        for own in options.stages
    )


def _with_rules(options: CascadeOptions, rules: Rules) -> CascadeOptions:
    """The cascade with merchandising as its last layer; which rules are in force is part of its hash."""
    last = options.stages[-1]
    if last.stage == "merchandise" or not rules.moving:
        return options
    layer = StageOptions(
        stage="merchandise", method="rules", depth=last.depth, budget_ms=5.0, options={"rules": rules.digest}
    )
    return options.model_copy(update={"stages": [*options.stages, layer]})


def _usable(rules: Rules, view: View) -> tuple[list[Line], list[str]]:
    """The synonym rules as lines, and which of them cannot be read: left out, since a rule must not stop a shop."""
    lines, unusable = [], []
    for rule in rules.synonyms:
        line = Line(rule.synonyms, f"rule {rule.id!r} ({rule})", rule.own_category)
        try:
            Synonyms([line], view.analyser)
        except EmptorError as error:
            unusable.append(str(error))
            continue
        lines.append(line)
    return lines, unusable
