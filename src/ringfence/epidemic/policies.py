"""A policy from a TOML file: its keys, what each may hold, and every mistake told with its key and mend."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ringfence.epidemic.presets import near
from ringfence.epidemic.settings import SETTINGS, Delay, Policy
from ringfence.vocabulary.refusals import Refused

FAMILIES = ("gamma", "lognormal", "weibull", "fixed")


def read_policy(path: Path) -> Policy:
    """Return the policy of a file. Refused when it cannot be read; all its mistakes come together as one group."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("outbreak.policy_unreadable", file=path.name, why=type(error).__name__) from error
    except tomllib.TOMLDecodeError as error:
        raise Refused("outbreak.policy_not_toml", file=path.name, why=str(error)) from error
    return policy_of(written, file=path.name)


def policy_of(written: Mapping[str, Any], *, file: str) -> Policy:
    """Return a policy from what a file holds. Refused, all mistakes together, for unknown keys and wrong values."""
    problems, values = [], {}
    for key, value in written.items():
        if key not in KEYS:
            problems.append(
                Refused("outbreak.policy_key", file=file, key=key, nearest=near(key, KEYS), choices=", ".join(KEYS))
            )
            continue
        try:
            values[key] = KEYS[key](value)
        except (ValueError, TypeError, KeyError):
            code = f"outbreak.policy_{KEYS[key].__name__.lstrip('_')}"
            problems.append(Refused(code, file=file, key=key, value=str(value)))
    if problems:
        raise ExceptionGroup("policy", problems)
    return Policy(**values)


def shares_of(text: str, *, option: str) -> tuple[float, float, float]:
    """Return shares by setting from one number, or from three with commas. Refused for anything else."""
    try:
        parts = [float(part) for part in text.split(",")]
        return _shares(parts[0] if len(parts) == 1 else dict(zip(SETTINGS, parts, strict=True)))
    except (ValueError, TypeError) as error:
        raise Refused("outbreak.bad_shares", option=option, value=text) from error


def told(policy: Policy) -> dict[str, Any]:
    """Return a policy as a file of it would say it, with every key."""
    return {key: _plain(getattr(policy, key), shares=KEYS[key] is _shares) for key in KEYS}


def _plain(value: Any, *, shares: bool) -> Any:
    if isinstance(value, Delay):
        return {"mean": value.mean, "sd": value.sd, "family": value.family}
    if isinstance(value, tuple):
        return dict(zip(SETTINGS, value, strict=True)) if shares else list(value)
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _share(value: Any) -> float:
    if not 0 <= _number(value) <= 1:
        raise ValueError
    return _number(value)


def _shares(value: Any) -> tuple[float, float, float]:
    if not isinstance(value, dict):
        return (_share(value),) * 3
    if not set(value) <= set(SETTINGS):
        raise KeyError
    household, work, community = (_share(value.get(setting, 0.0)) for setting in SETTINGS)
    return household, work, community


def _days(value: Any) -> float:
    if not 0 <= _number(value) < 3650:
        raise ValueError
    return _number(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 100_000:
        raise ValueError
    return value


def _delay(value: Any) -> Delay:
    if not isinstance(value, dict):
        return Delay(_days(value), family="fixed")
    if not {"mean"} <= set(value) <= {"mean", "sd", "family"} or value.get("family", "gamma") not in FAMILIES:
        raise KeyError
    return Delay(_days(value["mean"]), _days(value.get("sd", 0.0)), value.get("family", "gamma"))


def _list(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_days(day) for day in value)


KEYS: dict[str, Callable[[Any], Any]] = {
    "reported": _share,
    "onset_to_isolation": _delay,
    "traced": _shares,
    "tracing_delay": _delay,
    "look_back": _whole,
    "traced_minutes": _whole,
    "quarantine_days": _days,
    "quarantine_tests": _list,
    "adherence": _share,
    "household_leak": _share,
    "screening_every": _whole,
    "screening_from": _whole,
    "screening_share": _share,
    "sensitivity": _share,
    "turnaround": _days,
    "reduction": _shares,
    "reduction_from": _whole,
}
"""The keys of a policy file in the order of the documentation, each with what reads its value."""
