"""Lines of sixteen numbers do what numpy does with them."""

from __future__ import annotations

import numpy as np
import pytest
from numba import TypingError, njit
from numpy.typing import DTypeLike

from detente.simulate import lanes
from detente.simulate.lanes import WIDTH


@njit
def worked(x, y, by, out):  # type: ignore[no-untyped-def]
    a, b = lanes.take(x, 0), lanes.take(x, WIDTH)
    lanes.put(out, 0, a + b * by)
    lanes.put(out, WIDTH, by * a - b)
    lanes.put(out, 2 * WIDTH, lanes.running(a))
    lanes.put(out, 3 * WIDTH, lanes.folded(a))
    lanes.put(out, 4 * WIDTH, lanes.gathered(a))
    lanes.put(out, 5 * WIDTH, lanes.positive(a - b))
    lanes.increase(y, 3, lanes.pick(x, 5))
    marked = lanes.marks(a - b)
    return lanes.total(a), lanes.last(a), lanes.passed(a, b_first(x)), marked, lanes.lowest(marked)


@njit
def b_first(x):  # type: ignore[no-untyped-def]
    return lanes.pick(x, WIDTH)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_lines_do_what_numpy_does(kind: DTypeLike) -> None:
    rng = np.random.default_rng(4)
    x, out = lanes.aligned(rng.random((2, WIDTH)), kind), lanes.zeros((6, WIDTH), kind)
    y = lanes.zeros((4,), kind)
    total, last, passed, marked, lowest = worked(x, y, np.float32(0.5), out)
    a, b = x
    close = {"rtol": 1e-6 if kind is np.float32 else 1e-14}
    np.testing.assert_allclose(out[0], a + b * 0.5, **close)
    np.testing.assert_allclose(out[1], 0.5 * a - b, **close)
    np.testing.assert_allclose(out[2], np.cumsum(a), **close)
    np.testing.assert_allclose(out[3], np.tile(a.reshape(4, 4).sum(0), 4), **close)
    np.testing.assert_allclose(out[4], np.repeat(a.reshape(4, 4).sum(1), 4), **close)
    np.testing.assert_array_equal(out[5], np.maximum(a - b, 0))
    assert total == pytest.approx(a.sum(), rel=1e-6)
    assert (last, passed) == (a[-1], (a <= b[0]).sum())
    assert [marked >> i & 1 for i in range(WIDTH)] == list(a > b)
    assert lowest == (a > b).argmax()
    np.testing.assert_array_equal(y, [0, 0, 0, a[5]])
    assert out.dtype == x.dtype == kind
    assert not x.ctypes.data % (WIDTH * x.itemsize)


def test_arrays_in_another_order_are_refused() -> None:
    @njit
    def first(x):  # type: ignore[no-untyped-def]
        return lanes.last(lanes.take(x, 0))

    assert first(np.ones((2, WIDTH))) == 1.0
    with pytest.raises(TypingError, match="C order"):
        first(np.asfortranarray(np.ones((2, WIDTH))))


@pytest.mark.parametrize("x", [0.0, -1.5, 6.02e23, 5e-324])
def test_the_bits_of_a_number_are_the_number(x: float) -> None:
    @njit
    def there_and_back(x):  # type: ignore[no-untyped-def]
        return lanes.number(lanes.bits(x)), lanes.bits(x)

    back, bits = there_and_back(x)
    assert back == x
    assert bits == np.float64(x).view(np.int64)
