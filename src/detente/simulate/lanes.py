"""Lines of sixteen numbers, which compiled functions handle as one.

A compiler turns a loop into operations on many numbers at once only where it can prove that no array overlaps another,
and pays for the proof at every loop. Here an operation on sixteen numbers is written down as such: LLVM has vectors of
its own, and splits them up for processors with narrower ones. Each number is worked out by itself and sums have one
order, so the results are the same on all of them.

Inside compiled functions a line is taken from a place in an array, counted in numbers from its beginning, and put back;
lines are added, subtracted and multiplied, with numbers too::

    put(total, at, take(total, at) + take(answer, 0) * share)

Nothing is checked: the place must lie within the array, and the array in C order.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.errors import TypingError
from numba.core.extending import intrinsic, lower_builtin, register_model, type_callable
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[np.floating[Any]]

WIDTH: Final = 16
"""Numbers in a line."""

_BITS: Final = ir.IntType(64)
_PLACE: Final = ir.IntType(32)


def inline(body: Callable[..., Any]) -> Any:
    """An operation that the compiler puts in place; its callers do not hand over the first argument."""
    return intrinsic(body)


def zeros(shape: Sequence[int], dtype: DTypeLike) -> Floats:
    """Noughts in C order, no line of which straddles what a processor reads at once."""
    number = np.dtype(dtype)
    size, block = math.prod(shape) * number.itemsize, WIDTH * number.itemsize
    room = np.zeros(size + block, np.uint8)
    first = -room.ctypes.data % block
    return room[first : first + size].view(number).reshape(shape)


def aligned(x: NDArray[Any], dtype: DTypeLike) -> Floats:
    """A copy of an array, laid out as :func:`zeros` would."""
    out = zeros(np.shape(x), dtype)
    out[...] = x
    return out


def padded(x: Floats, axis: int = -1) -> Floats:
    """An axis filled up with noughts to whole lines."""
    width = [(0, 0)] * x.ndim
    width[axis] = (0, -x.shape[axis] % WIDTH)
    return np.pad(x, width)


class Line(types.Type):
    """The type of a line of numbers of one kind."""

    def __init__(self, number: Any) -> None:
        self.number = number
        super().__init__(f"Line({number})")


@register_model(Line)
class _LineModel(models.PrimitiveModel):
    def __init__(self, manager: Any, line: Line) -> None:
        number = ir.FloatType() if line.number == types.float32 else ir.DoubleType()
        super().__init__(manager, line, ir.VectorType(number, WIDTH))  # type: ignore[no-untyped-call]


def _line(array: Any) -> Line:
    if array.layout != "C":
        raise TypingError("Lines are taken from arrays in C order.")
    return Line(array.dtype)


def _address(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [at])


def _vector(context: Any, builder: Any, signature: Any, args: Any) -> tuple[Any, int]:
    """Address of a line, and what it is surely a multiple of."""
    array = signature.args[0]
    address = _address(context, builder, array, args[0], args[1])
    vector = ir.VectorType(context.get_data_type(array.dtype), WIDTH)
    return builder.bitcast(address, vector.as_pointer()), array.dtype.bitwidth // 8


@inline
def take(typing: Any, array: Any, at: Any) -> Any:
    """The line that begins there."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address, align = _vector(context, builder, signature, args)
        return builder.load(address, align=align)

    return _line(array)(array, types.intp), code


@inline
def put(typing: Any, array: Any, at: Any, line: Any) -> Any:
    """Write a line there."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address, align = _vector(context, builder, signature, args)
        builder.store(args[2], address, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, _line(array)), code


@inline
def pick(typing: Any, array: Any, at: Any) -> Any:
    """The number there."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, signature.args[0], *args))

    return _line(array).number(array, types.intp), code


@inline
def increase(typing: Any, array: Any, at: Any, x: Any) -> Any:
    """Add to the number there."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _address(context, builder, signature.args[0], args[0], args[1])
        add = builder.fadd if isinstance(array.dtype, types.Float) else builder.add
        builder.store(add(builder.load(place), args[2]), place)
        return context.get_dummy_value()

    return types.void(array, types.intp, _line(array).number), code


def _spread(builder: Any, number: Any, vector: Any) -> Any:
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(_PLACE, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_PLACE, WIDTH), [0] * WIDTH))


def _operator(op: Any, name: str) -> None:
    @type_callable(op)
    def typer(context: Any) -> Any:
        def found(a: Any, b: Any) -> Any:
            if isinstance(a, Line) and isinstance(b, (Line, types.Float)):
                return a
            return b if isinstance(b, Line) and isinstance(a, types.Float) else None

        return found

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number = signature.return_type.number
        vector = ir.VectorType(context.get_data_type(number), WIDTH)
        lines = [
            x if isinstance(kind, Line) else _spread(builder, context.cast(builder, x, kind, number), vector)
            for x, kind in zip(args, signature.args, strict=True)
        ]
        return getattr(builder, name)(*lines)

    for kinds in ((Line, Line), (types.Float, Line), (Line, types.Float)):
        lower_builtin(op, *kinds)(code)  # type: ignore[no-untyped-call]


for _op, _name in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _operator(_op, _name)


def _moved(builder: Any, line: Any, order: list[int]) -> Any:
    """Numbers in another order; place 16 stands for a nought."""
    noughts = ir.Constant(line.type, [0.0] * WIDTH)
    return builder.shuffle_vector(line, noughts, ir.Constant(ir.VectorType(_PLACE, WIDTH), order))


def _summed(builder: Any, line: Any, steps: tuple[int, ...], turn: Callable[[int, int], int]) -> Any:
    """Add to each number the one whose place ``turn`` gives, step by step."""
    for step in steps:
        line = builder.fadd(line, _moved(builder, line, [turn(i, step) for i in range(WIDTH)]))
    return line


def _sums(steps: tuple[int, ...], turn: Callable[[int, int], int], doc: str) -> Any:
    def typed(typing: Any, line: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _summed(builder, args[0], steps, turn)

        return line(line), code

    typed.__doc__ = doc
    return inline(typed)


running = _sums((1, 2, 4, 8), lambda i, step: i - step if i >= step else WIDTH, "Sums of the first 1, 2, ... 16.")
folded = _sums((8, 4), lambda i, step: (i + step) % WIDTH, "Sums of every fourth number, four times over.")
gathered = _sums((2, 1), lambda i, step: i ^ step, "Sums of four neighbours, in the places of the four.")


@inline
def total(typing: Any, line: Any) -> Any:
    """Sum of a line."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = _summed(builder, args[0], (8, 4, 2, 1), lambda i, step: i ^ step)
        return builder.extract_element(whole, ir.Constant(_PLACE, 0))

    return line.number(line), code


@inline
def last(typing: Any, line: Any) -> Any:
    """The last number of a line."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.extract_element(args[0], ir.Constant(_PLACE, WIDTH - 1))

    return line.number(line), code


@inline
def positive(typing: Any, line: Any) -> Any:
    """The numbers of a line, nought in place of negative ones."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        noughts = ir.Constant(args[0].type, [0.0] * WIDTH)
        return builder.select(builder.fcmp_ordered(">", args[0], noughts), args[0], noughts)

    return line(line), code


@inline
def passed(typing: Any, line: Any, x: Any) -> Any:
    """How many numbers of a line are at most x."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        held = builder.fcmp_ordered("<=", args[0], _spread(builder, args[1], args[0].type))
        return builder.zext(builder.ctpop(builder.bitcast(held, ir.IntType(WIDTH))), _BITS)

    return types.int64(line, line.number), code


@inline
def marks(typing: Any, line: Any) -> Any:
    """A bit for each number of a line, set where it is above nought."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        held = builder.fcmp_ordered(">", args[0], ir.Constant(args[0].type, [0.0] * WIDTH))
        return builder.zext(builder.bitcast(held, ir.IntType(WIDTH)), _BITS)

    return types.int64(line), code


@inline
def lowest(typing: Any, marked: Any) -> Any:
    """Place of the lowest bit that is set; there must be one."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), code


@inline
def bits(typing: Any, x: Any) -> Any:
    """The 64 bits of a number."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], _BITS)

    return types.int64(types.float64), code


@inline
def number(typing: Any, x: Any) -> Any:
    """The number of which these are the bits."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), code
