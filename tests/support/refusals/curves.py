"""Just enough arithmetic to make points, keys and signatures that no library would make.

Slow, not constant in time, and for public test values only.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha512

from cryptography.hazmat.primitives.asymmetric import ec

Point = tuple[int, int] | None  # None is the point at infinity


@dataclass(frozen=True)
class Weierstrass:
    """y² = x³ - 3x + b over the prime `p`; `g` generates `n` points."""

    name: str
    p: int
    b: int
    n: int
    g: tuple[int, int]

    @property
    def size(self) -> int:
        return (self.p.bit_length() + 7) // 8

    def square(self, x: int) -> int:
        return (x**3 - 3 * x + self.b) % self.p

    def root(self, square: int) -> int | None:
        """A square root, if there is one (p is 3 modulo 4)."""
        root = pow(square, (self.p + 1) // 4, self.p)
        return root if root * root % self.p == square % self.p else None

    def add(self, one: Point, other: Point) -> Point:
        if one is None or other is None:
            return one or other
        if one[0] == other[0] and (one[1] + other[1]) % self.p == 0:
            return None
        if one == other:
            slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, self.p)
        else:
            slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, self.p)
        x = (slope**2 - one[0] - other[0]) % self.p
        return x, (slope * (one[0] - x) - one[1]) % self.p

    def times(self, number: int, point: Point = None) -> Point:
        point, found = point or self.g, None
        while number:
            found = self.add(found, point) if number & 1 else found
            point, number = self.add(point, point), number >> 1
        return found

    def low_order(self) -> list[tuple[int, int]]:
        """Points of order 2 and 3, each on a curve with another b: what an invalid-curve attack
        sends to learn a private key modulo small numbers."""
        found = [(1, 0)]
        for x in range(1, 50):  # 3x⁴ - 18x² + 12bx - 9 = 0 makes (x, y) a point of order 3
            b = (9 + 18 * x**2 - 3 * x**4) * pow(12 * x, -1, self.p)
            y = self.root((x**3 - 3 * x + b) % self.p)
            if y:
                return [*found, (x, y)]
        raise AssertionError("half of all x have a point")

    def small_x(self) -> tuple[int, int]:
        """A point so near to 0 that its x plus p has no more bytes than p."""
        return next((x, y) for x in range(1, 99) if (y := self.root(self.square(x))) is not None)

    def small_y(self) -> tuple[int, int]:
        """The same for y: a root of x³ - 3x + b - y²."""
        return next((x, y) for y in range(1, 99) if (x := self._root_of_cubic(y)) is not None)

    def on_twist(self) -> tuple[int, int]:
        """A point of the twist: its x is no x of this curve."""
        x = next(x for x in range(1, 99) if self.root(self.square(x)) is None)
        y = self.root(-self.square(x) % self.p)
        assert y is not None
        return x, y

    def _root_of_cubic(self, y: int) -> int | None:
        """The one root of f = x³ - 3x + c: x^p modulo f is then of degree 2, and tells it."""
        c = (self.b - y * y) % self.p
        power, base = [1, 0, 0], [0, 1, 0]
        for bit in f"{self.p:b}":
            power = self._product(power, power, c)
            power = self._product(power, base, c) if bit == "1" else power
        # gcd(x^p - x, f) is x - root exactly if there is one root
        q0, q1, q2 = power[0], (power[1] - 1) % self.p, power[2]
        if q2 == 0:
            return None
        q0, q1 = (q * pow(q2, -1, self.p) % self.p for q in (q0, q1))
        # f mod (x² + q1 x + q0) = (q1² - q0 - 3) x + (q0 q1 + c)
        lead, rest = (q1 * q1 - q0 - 3) % self.p, (q0 * q1 + c) % self.p
        if lead == 0:
            return None
        x = -rest * pow(lead, -1, self.p) % self.p
        return x if self.square(x) == y * y % self.p else None

    def _product(self, one: list[int], other: list[int], c: int) -> list[int]:
        """The product of two polynomials modulo x³ - 3x + c."""
        made = [0] * 5
        for i, left in enumerate(one):
            for j, right in enumerate(other):
                made[i + j] += left * right
        for power in (4, 3):  # x³ = 3x - c
            made[power - 2] += 3 * made[power]
            made[power - 3] -= c * made[power]
        return [value % self.p for value in made[:3]]


P256 = Weierstrass(
    "P-256",
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    g=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)


def _p384() -> Weierstrass:
    """P-384, its b found from the generator that the library knows."""
    p = 2**384 - 2**128 - 2**96 + 2**32 - 1
    g = ec.derive_private_key(1, ec.SECP384R1()).public_key().public_numbers()
    n = int("FFFFFFFF" * 6 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16)
    return Weierstrass("P-384", p, (g.y**2 - g.x**3 + 3 * g.x) % p, n, (g.x, g.y))


P384 = _p384()


class Edwards:
    """Ed25519: -x² + y² = 1 + dx²y² modulo 2^255 - 19."""

    p = 2**255 - 19
    order = 2**252 + 27742317777372353535851937790883648493
    d = -121665 * pow(121666, -1, 2**255 - 19) % (2**255 - 19)

    @classmethod
    def add(cls, one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
        (x1, y1), (x2, y2) = one, other
        both = cls.d * x1 * x2 * y1 * y2 % cls.p
        x = (x1 * y2 + x2 * y1) * pow(1 + both, -1, cls.p)
        y = (y1 * y2 + x1 * x2) * pow(1 - both, -1, cls.p)
        return x % cls.p, y % cls.p

    @classmethod
    def times(cls, number: int, point: tuple[int, int]) -> tuple[int, int]:
        found = (0, 1)
        while number:
            found = cls.add(found, point) if number & 1 else found
            point, number = cls.add(point, point), number >> 1
        return found

    @classmethod
    def decode(cls, raw: bytes) -> tuple[int, int]:
        number = int.from_bytes(raw, "little")
        sign, y = number >> 255, number % 2**255
        square = (y * y - 1) * pow(cls.d * y * y + 1, -1, cls.p) % cls.p
        x = pow(square, (cls.p + 3) // 8, cls.p)
        if x * x % cls.p != square:
            x = x * pow(2, (cls.p - 1) // 4, cls.p) % cls.p
        assert x * x % cls.p == square, "not a point"
        return (cls.p - x if x % 2 != sign else x), y

    @classmethod
    def encode(cls, point: tuple[int, int]) -> bytes:
        return (point[1] | (point[0] % 2) << 255).to_bytes(32, "little")

    @classmethod
    def hash(cls, *parts: bytes) -> int:
        return int.from_bytes(sha512(b"".join(parts)).digest(), "little") % cls.order


BASE = Edwards.decode(bytes([0x58] + [0x66] * 31))  # the point with y = 4/5


def _small_order() -> list[tuple[int, int]]:
    """The eight points whose order divides 8: multiples of any point times the large order."""
    for y in range(2, 99):
        try:
            found = Edwards.times(Edwards.order, Edwards.decode(y.to_bytes(32, "little")))
        except AssertionError:
            continue
        if Edwards.times(4, found) != (0, 1):
            return [Edwards.times(n, found) for n in range(1, 9)]
    raise AssertionError("one point in two has such a part")


SMALL_ORDER_POINTS = _small_order()  # the first has order 8, the last is the identity
TORSION = SMALL_ORDER_POINTS[0]
