"""What a pack proposes for an exposure: a class, its clause, and what must still be asked.

**What is not known is not assumed away.** A condition whose field is missing neither holds nor fails. The answer is the
strictest class that what is known does not rule out; the fields that would decide it are its `unknowns`, each a
question. Leaving them out would lose the contact whom nobody had time to ask; taking them for proof would restrict her
on nothing. So the class is a candidate for a human to assess with the questions beside it, and every answer can only
keep it or make it milder.

An exposure counts from the beginning of the case's infectious window to its end; that of a contact of a contact from
that contact's first exposure until she was separated. Outside there is no class, and the reason says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ringfence.rules.conditions import Rule, Seen, judged, reasons_of, rules_of
from ringfence.rules.duties import Because, Status
from ringfence.rules.facts import Fact
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.windows import Span, Window, incubation_window, inside, said

BACKWARD = "backward"
"""The class of who may have been the source: asked and offered a test, never restricted."""
NO_CLASS = ("none", "dropped")
_MAY_HAVE_LASTED = timedelta(days=1)
"""How long before a window an exposure of untold length may begin and still be asked about."""
_POSITIVE = frozenset({"positive", "confirmed", "asymptomatic"})


class Change(NamedTuple):
    """What to propose for somebody assessed before: `kind` upgrade or downgrade, the class, and why."""

    kind: str
    cls: str
    because: tuple[Because, ...]


class Basis(NamedTuple):
    """What a proposed class rests on: the fact, the rule, the exposure as it counts, and the pack's name."""

    fact: str
    rule: Rule
    seen: Seen
    pack: str


class Classified(NamedTuple):
    """What a pack proposes for one exposure. `cls` None: no class, and `because` says why.

    `rule` is the key of the pack that decided; `others` the milder classes that match too; `counts` the stretch that
    counts. One that is `human_only` never leads to a restriction by itself. Reasons and questions are made when read.
    """

    cls: str | None
    rule: str = ""
    others: tuple[str, ...] = ()
    human_only: bool = False
    counts: Span | None = None
    open: tuple[str, ...] = ()
    basis: Basis | None = None
    said: tuple[Because, ...] = ()

    @property
    def because(self) -> tuple[Because, ...]:
        """Return why: the class with its clause, and each condition of the rule that is known to hold."""
        if self.basis is None:
            return self.said
        fact, rule, seen, name = self.basis
        facts, clause = (fact,), rule.ruled.cited
        new = tuple.__new__
        return tuple([new(Because, (code, clause, name, facts, values))
                      for code, values in reasons_of(rule, seen, self.open)])  # fmt: skip

    @property
    def unknowns(self) -> tuple[Because, ...]:
        """Return what to ask; each answer can keep the class or make it milder."""
        if self.basis is None:
            return tuple(why for why in self.said if why.code.startswith("classify.ask_"))
        fact, rule, _, name = self.basis
        clause = rule.ruled.cited
        return tuple(Because(f"classify.ask_{what}", clause, name, (fact,)) for what in self.open)

    @property
    def may_restrict(self) -> bool:
        """Return whether a measure may be proposed on it, once a human has assessed it."""
        return self.cls is not None and self.cls != BACKWARD and not self.human_only


def classify(
    exposure: Fact,
    book: Rulebook,
    *,
    index: Status | None,
    person: Mapping[str, Any] | None = None,
    onset: datetime | None = None,
) -> Classified:
    """Return the class that the pack proposes for an exposure, its reasons, and what is to be asked.

    `index` is the status of whom she met, None while nothing is known of it; `person` the value of her person fact;
    `onset` that of the index, which tells backward contacts apart where the exposure does not say.
    """
    rules = book.made("classify", rules_of)
    value = exposure[8]
    to_contact = value["to"][0] == "contact"
    window = _window(index, to_contact)
    if isinstance(window, str):
        return Classified(None, said=(book.because(window, facts=(exposure.id,)),))
    seen = _seen(exposure, window, rules.residual, person)
    if seen is None:
        return _outside(exposure, book, window, to_contact, onset)
    if window is None and value.get("backward"):
        return _backward(exposure, book, seen.counts)
    best: Rule | None = None
    unknowns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    for rule in rules.of.get((to_contact, value["setting"]), ()):  # the strictest class first
        open_here = judged(rule, seen, rules.residual)
        if open_here is None:
            continue
        if best is None:
            best, unknowns = rule, open_here
        elif rule.rank == best.rank:
            if (len(open_here), rule.human_only) < (len(unknowns), best.human_only):
                best, unknowns = rule, open_here
        elif rule.cls not in others:
            others = (*others, rule.cls)
    if best is None:
        code = "classify.no_rule" if to_contact in rules.met else "classify.not_of_contacts"
        why = book.because(code, "contact.classes", (exposure.id,), setting=value["setting"])
        return Classified(None, counts=seen.counts, said=(why,))
    if window is None:
        unknowns = (*unknowns, "first_exposure" if to_contact else "window")
    book.asked.update(best.touched)
    if seen.lingering:
        book.asked.add("exposure.residual")
    basis = tuple.__new__(Basis, (exposure[0], best, seen, rules.pack))
    return tuple.__new__(
        Classified, (best.cls, best.ruled.key, others, best.human_only, seen.counts, unknowns, basis, ())
    )


def propose_changes(
    assessed: str, classified: Classified | None, linked: Status | None, book: Rulebook
) -> list[Change]:
    """Return what to propose for somebody assessed as a class; nothing where her assessment stands.

    A contact whom she met and who is found infected proposes the pack's `upgrade`. Evidence that now says less than
    her class proposes a downgrade, though questions are open: they could only make it milder still. Evidence that says
    more proposes an upgrade only where no question is open and a human is not the only judge. `classified` is the
    strictest of her exposures, None where none counts any more.
    """
    if linked is not None and linked.state in _POSITIVE:
        key = f"contact.{assessed}.upgrade"
        target = book.get(key)
        if target is not None:
            return [Change("upgrade", target, (book.because("classify.again_linked", key, cls=target, was=assessed),))]
    classes = book.made("classify", rules_of).classes
    if assessed not in classes and assessed not in NO_CLASS:
        return []
    was = classes.index(assessed) if assessed in classes else len(classes)
    cls = classified.cls if classified is not None else None
    now = classes.index(cls) if cls in classes else len(classes)
    if now == was:
        return []
    reasons = classified.because if classified is not None else ()
    if now > was:
        code = "classify.again_less" if now < len(classes) else "classify.again_no_longer"
        target = classes[now] if now < len(classes) else NO_CLASS[0]
        return [
            Change("downgrade", target, (book.because(code, "contact.classes", cls=target, was=assessed), *reasons))
        ]
    if classified is None or classified.human_only or any(u.code != "classify.ask_window" for u in classified.unknowns):
        return []
    why = book.because("classify.again_more", "contact.classes", cls=classes[now], was=assessed)
    return [Change("upgrade", classes[now], (why, *reasons))]


# ── the stretch that counts ──────────────────────────────────────────────────────────────────────────────────────


def _window(index: Status | None, to_contact: bool) -> Window | str | None:
    """Return when the index counts, None where it is not known, or the code that says why it never does."""
    if index is None:
        return None
    if to_contact:
        if index.first_exposure is None:
            return "classify.contact_not_exposed"
        return Window(index.first_exposure, index.separated_at)
    if index.state == "discarded":
        return "classify.discarded"
    if index.infectious_from is None:
        return None
    return tuple.__new__(Window, (index.infectious_from, index.infectious_until, ()))


def _seen(exposure: Fact, window: Window | None, residual: float, person: Mapping[str, Any] | None) -> Seen | None:
    """Return an exposure cut to the window, None where none of it counts.

    Minutes are those that were told, and never more than the stretch that counts; without them the stretch itself. One
    that goes on has lasted at least until it became known.
    """
    value, start, end = exposure.value, exposure.at, exposure.until
    told: float | None = value.get("minutes")
    after: float = value.get("after_minutes", 0)
    goes_on = end is None and bool(value.get("going_on"))
    if not goes_on and (end is None or end == start):
        end = start if told is None else start + timedelta(minutes=told)
    lingering = after > 0
    counts: Span | None = Span(start, end)
    if lingering:
        # She breathed what was left at the moment the case went; that moment must lie in the window.
        left = start - timedelta(minutes=after)
        if window is not None and inside(window._replace(ends=_after(window.ends)), left, left) is None:
            return None
        limit = max(start, left + timedelta(minutes=residual))
        counts = Span(start, limit if end is None or end > limit else end)
    elif window is not None:
        counts = inside(window, start, end)
        if counts is None and residual:
            counts, lingering = inside(window, start, end, residual), True
    if counts is None:
        return None
    minutes, at_least = told, 0.0
    begins, ends = counts
    if ends is not None and (ends > begins or told is not None):
        length = (ends - begins).total_seconds() / 60
        if told is not None:
            minutes = min(told, length)
        elif not goes_on or exposure.known_at >= ends:
            minutes = length
    if goes_on and minutes is None:
        at_least = (exposure.known_at - begins).total_seconds() / 60
    return tuple.__new__(Seen, (value, person, counts, minutes, at_least, lingering, residual))


def _after(ends: datetime | None) -> datetime | None:
    """Return the end of a window so that the moment of the end itself lies in it."""
    return None if ends is None else ends + timedelta(microseconds=1)


def _outside(
    exposure: Fact, book: Rulebook, window: Window | None, to_contact: bool, onset: datetime | None
) -> Classified:
    """Return the answer for an exposure outside the window: backward, or no class and why."""
    assert window is not None
    assert window.begins is not None
    before = exposure.at < window.begins
    if before and not to_contact:
        source = incubation_window(book, onset) if onset is not None else None
        inside_it = (
            source is not None and inside(Window(*source), exposure.at, exposure.until or exposure.at) is not None
        )
        flagged = bool(exposure.value.get("backward"))
        if inside_it or (flagged and source is None):
            return _backward(exposure, book, Span(exposure.at, exposure.until))
    name = ("before_first_exposure" if before else "after_separated") if to_contact else (
        "before_window" if before else "after_window"
    )  # fmt: skip
    edge = window.begins if before else window.ends or window.begins
    key = "" if to_contact else "infectious.from" if before else "infectious.ends_by"
    why = book.because(f"classify.{name}", key, (exposure.id,), edge=said(book, edge), at=said(book, exposure.at))
    if before and _length_untold(exposure) and edge - exposure.at < _MAY_HAVE_LASTED:
        ask = book.because("classify.ask_minutes", key, (exposure.id,))
        return Classified(None, open=("minutes",), said=(why, ask))
    return Classified(None, said=(why,))


def _length_untold(exposure: Fact) -> bool:
    """Return whether nothing says how long an exposure lasted: it may have reached into the window."""
    return exposure.until in (None, exposure.at) and "minutes" not in exposure.value


def _backward(exposure: Fact, book: Rulebook, counts: Span) -> Classified:
    why = book.because("classify.backward", "backward.course", (exposure.id,))
    return Classified(BACKWARD, "backward.course", counts=counts, said=(why,))
