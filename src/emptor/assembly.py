"""Building what answers requests: a shop's channels and cascades over one view."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from emptor.cascade import Cascade, Methods, Pace
from emptor.errors import EmptorError
from emptor.retrieve.channel import Channel
from emptor.retrieve.dense import DenseChannel, VectorIndex
from emptor.retrieve.lexical import LexicalChannel
from emptor.retrieve.popular import PopularChannel
from emptor.retrieve.spelling import Spelling
from emptor.retrieve.stage import methods as retrieve_methods
from emptor.retrieve.suggest import Suggester
from emptor.retrieve.synonyms import Synonyms
from emptor.shop.generation import Generation
from emptor.shop.popularity import past_queries
from emptor.shop.shop import Shop
from emptor.shop.view import View

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assembled:
    """Everything built for one view: replaced as a whole, so that no page mixes two."""

    view: View
    cascades: dict[str, Cascade]
    lexical: LexicalChannel
    suggester: Suggester


class Assembler:
    """Makes an `Assembled` for each view of a shop, and keeps what all views of a generation share.

    The one place that knows every stage: a new stage is built here and named in shop.toml.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._paces: dict[str, Pace] = {}
        self._spelling: tuple[Generation, Spelling] | None = None
        self._suggester: tuple[Generation, Suggester] | None = None
        self._vectors: tuple[Generation, VectorIndex] | None = None
        self._synonyms: Synonyms | None = None
        self._synonyms_stamp: tuple[int, int] | None = None

    def is_stale(self) -> bool:
        """Whether the shop's synonyms have changed since the last assembly."""
        return self._stamp() != self._synonyms_stamp

    def _stamp(self) -> tuple[int, int]:
        try:
            stat = (self._shop.path / "synonyms.txt").stat()
            return stat.st_mtime_ns, stat.st_size
        except FileNotFoundError:
            return 0, 0

    def assemble(self, view: View) -> Assembled:
        """Build everything for a view. Raises EmptorError where shop.toml asks for what there is not."""
        generation = view.generation
        if self._spelling is None or self._spelling[0] is not generation:
            self._spelling = (generation, Spelling(generation.words))
        if self._suggester is None or self._suggester[0] is not generation:
            self._suggester = (generation, Suggester(view, queries=past_queries(self._shop)))
        synonyms = self._read_synonyms(view)
        options = self._shop.options
        lexical = LexicalChannel(view, options.search, synonyms=synonyms, spelling=self._spelling[1])
        methods: Methods = {**retrieve_methods(lexical=lexical, popular=PopularChannel(view), others=self._dense(view))}
        cascades = {
            name: Cascade(name, own, view, methods=methods, paces=self._paces) for name, own in options.cascade.items()
        }
        return Assembled(view, cascades, lexical, self._suggester[1])

    def _read_synonyms(self, view: View) -> Synonyms:
        """The shop's synonyms; while the file cannot be read, those that were read last stand in."""
        self._synonyms_stamp = self._stamp()
        try:
            self._synonyms = Synonyms.read(self._shop.path / "synonyms.txt", view.analyser)
        except EmptorError as error:
            if self._synonyms is None:
                raise
            log.warning("%s; the synonyms read before stay in force", error)
        return self._synonyms

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
        return {"dense": DenseChannel(view, encoder=encoder, index=self._vectors[1])}
