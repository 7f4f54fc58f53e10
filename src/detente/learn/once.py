"""Work that is done once for a fitted model."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from detente.learn.model import Fit

P = ParamSpec("P")
T = TypeVar("T")

_KEPT: Final = 4


def once(work: Callable[Concatenate[Fit, P], T]) -> Callable[Concatenate[Fit, P], T]:
    """Work that is done once for a fit, which is frozen: the last few results are kept, and no fit is kept for them.

    The same object is given back each time, so nobody may write into it.

    Example:
        >>> from detente.learn import prior
        >>> @once
        ... def codes(fit):
        ...     return list(fit.actors)
        >>> codes(prior()) is codes(prior())
        True
    """
    kept: deque[tuple[ref[Fit], object, T]] = deque(maxlen=_KEPT)

    @wraps(work)
    def done(fit: Fit, /, *args: P.args, **how: P.kwargs) -> T:
        for held, asked, found in tuple(kept):
            if held() is fit and asked == (args, how):
                return found
        found = work(fit, *args, **how)
        kept.append((ref(fit), (args, how), found))
        return found

    return done
