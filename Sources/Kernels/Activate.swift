@_exported public import Activations

// Every function maps NaN to NaN (`maximum` and `minimum` return their second operand where either is NaN), and
// infinities to what its definition gives; but sigmoid and silu, whose exponents end at -87, map minus infinity to 2^-125.5
// and -2^-119 in place of 0. Values are selected by the sign of a difference, with bit masks: generic code would compare
// vectors value by value.

extension VectorUnit {
  /// Applies an activation to all values of a line: limits exactly, the other functions within the error stated with
  /// each, in units of 2^-24 of the larger of the value and 1 unless stated otherwise.
  @inlinable @inline(never)
  public static func activate(_ line: ElementwiseRun, _ activation: Activation) {
    switch activation {
    case .identity: limit(line, -.infinity, .infinity)
    case .relu: limit(line, 0, .infinity)
    case .relu6: limit(line, 0, 6)
    case .clip(let least, let most): limit(line, least, most)
    case .elu(let alpha): map(line) { exponentialUnit($0, slope: 1, alpha: alpha) }
    case .selu:
      let slope = Float(Activation.seluScale)
      let alpha = Float(Activation.seluScale * Activation.seluAlpha)
      map(line) { exponentialUnit($0, slope: slope, alpha: alpha) }
    case .sigmoid: map(line) { 1 / successorOfExponential(limited($0, -87, 87)) }
    case .hardSigmoid(let slope, let offset): map(line) { limited($0 * slope + offset, 0, 1) }
    case .hardSwish: map(line) { hardSwish($0) }
    case .silu: map(line) { silu($0) }
    case .tanh: map(line) { hyperbolicTangent($0) }
    case .leakyRelu(let slope): map(line) { maximum(.zero, $0) + minimum(.zero, $0) * slope }
    case .gelu: map(line) { gelu($0) }
    case .geluTanh: map(line) { geluByTangent($0) }
    case .softplus: map(line) { maximum(.zero, $0) + logarithmOfSuccessor(exponential(Vector.zero - magnitude($0))) }
    case .exponential: map(line) { exponential($0) }
    case .threshold(let threshold, let value): map(line) { self.threshold($0, threshold, value) }
    case .erf: map(line) { errorFunction($0) }
    case .squareRoot: map(line) { squareRoot($0) }
    case .logarithm: map(line) { logarithm($0) }
    }
  }

  @inlinable @inline(__always)
  static func limit(_ line: ElementwiseRun, _ least: Float, _ most: Float) { map(line) { limited($0, least, most) } }

  @inlinable @inline(__always)
  static func limited(_ x: Vector, _ least: Float, _ most: Float) -> Vector {
    minimum(Vector(repeating: most), maximum(Vector(repeating: least), x))
  }

  @inlinable @inline(__always)
  static func limited(_ x: Vector, _ limits: OutputActivation) -> Vector { limited(x, limits.minimum, limits.maximum) }

  // MARK: Functions

  /// `slope * x` where x > 0, else `alpha * (exp(x) - 1)`; within 4 units, times alpha or the slope above 1.
  @inlinable @inline(__always)
  static func exponentialUnit(_ x: Vector, slope: Float, alpha: Float) -> Vector {
    maximum(.zero, x) * slope + (exponential(minimum(.zero, x)) - 1) * alpha
  }

  /// Exactly 0 up to -3 and x from 3 on; in between within 4 units.
  @inlinable @inline(__always)
  static func hardSwish(_ x: Vector) -> Vector {
    let x = maximum(Vector(repeating: -3), x)
    return x * (minimum(Vector(repeating: 6), x + 3) * (1 / 6))
  }

  /// Within 4 units; below -87, where the value is less than 2^-119, it is that of -87.
  @inlinable @inline(__always)
  static func silu(_ x: Vector) -> Vector {
    let x = maximum(Vector(repeating: -87), x)
    return x / successorOfExponential(minimum(Vector(repeating: 87), x))
  }

  /// A value with minus infinity replaced by a finite number, for functions that multiply it by zero.
  @inlinable @inline(__always)
  static func bounded(_ x: Vector) -> Vector { maximum(Vector(repeating: -1000), x) }

  /// Within 4 units of its value, by a polynomial up to 5/8 (S. Moshier, Cephes, `tanhf`), and by the exponential above.
  @inlinable @inline(__always)
  static func hyperbolicTangent(_ x: Vector) -> Vector {
    let size = magnitude(x)
    let square = size * size
    var low = Vector(repeating: -5.70498872745e-3)
    low = low * square + 2.06390887954e-2
    low = low * square - 5.37397155531e-2
    low = low * square + 1.33314422036e-1
    low = low * square - 3.33332819422e-1
    low = low * square * size + size
    let high = 1 - 2 / (exponential(size + size) + 1)
    return withSign(of: x, select(low, whereNegative: size - 0.625, else: high))
  }

  /// max(x, 0) - |x| erfc(|x| / sqrt(2)) / 2, which loses no digits on either side: within 4 units, and below zero
  /// within 8 + 2 x^2 units of its own value.
  @inlinable @inline(__always)
  static func gelu(_ x: Vector) -> Vector {
    let size = minimum(Vector(repeating: 15), magnitude(x))
    return maximum(.zero, x) - size * complementaryError(size * Float(0.5).squareRoot()) * 0.5
  }

  /// x / (1 + exp(-2 u)), where u is the argument of the tangent: the same function.
  @inlinable @inline(__always)
  static func geluByTangent(_ x: Vector) -> Vector {
    let cubic = x * x * 0.044715 + 1
    return bounded(x) / (1 + exponential(x * cubic * -1.59576912160573071))
  }

  @inlinable @inline(__always)
  static func threshold(_ x: Vector, _ threshold: Float, _ value: Float) -> Vector {
    // Adding 0 turns a negative zero into a positive one.
    let chosen = select(x, whereNegative: Vector(repeating: threshold + 0) - x, else: Vector(repeating: value))
    return keepingNaN(of: x, chosen)
  }

  /// Within 4 units of its value, by a polynomial up to 1 (S. Moshier, Cephes, `erff`).
  @inlinable @inline(__always)
  static func errorFunction(_ x: Vector) -> Vector {
    let size = minimum(Vector(repeating: 15), magnitude(x))
    let square = size * size
    var low = Vector(repeating: 7.853861353153693e-5)
    low = low * square - 8.010193625184903e-4
    low = low * square + 5.188327685732524e-3
    low = low * square - 2.685381193529856e-2
    low = low * square + 1.128358514861418e-1
    low = low * square - 3.761262582423300e-1
    low = low * square + 1.128379165726710
    let high = 1 - complementaryError(size)
    return withSign(of: x, select(low * size, whereNegative: size - 1, else: high))
  }

  // MARK: What they are made of

  /// e to the power of x, within 2 units of its value where that is a normal number; infinity above, and what remains
  /// below.
  ///
  /// x = n ln 2 + r with |r| <= ln 2 / 2; a polynomial gives e^r (S. Moshier, Cephes, `expf`), which is multiplied by
  /// two powers of 2 whose exponents are the halves of n.
  @inlinable @inline(__always)
  static func exponential(_ x: Vector) -> Vector {
    let x = limited(x, -104, 89)
    // Adding 1.5 * 2^23 rounds to an integer, which stays in the low bits of the sum.
    let shifted = x * 0x1.715476p+0 + 0x1.8p+23
    let n = shifted - 0x1.8p+23
    let r = x - n * 0.693359375 - n * -2.12194440e-4
    var power = Vector(repeating: 1.9875691500e-4)
    power = power * r + 1.3981999507e-3
    power = power * r + 8.3334519073e-3
    power = power * r + 4.1665795894e-2
    power = power * r + 1.6666665459e-1
    power = power * r + 5.0000001201e-1
    power = power * (r * r) + r + 1
    let exponent = unsafeBitCast(shifted, to: Integers.self) &- Integers(repeating: 0x4b40_0000)
    let half = exponent &>> Integers(repeating: 1)
    return power * powerOfTwo(half) * powerOfTwo(exponent &- half)
  }

  /// 1 + e to the power of -x, of x from -87 to 87: what networks compute most, in half the instructions of
  /// `exponential`.
  ///
  /// -x / ln 2 = n + r with |r| <= 1/2; a polynomial gives 2^r within 1.6 units. That r is rounded only once makes an
  /// error of |x| units of e^-x, which is less than one unit of a value that is divided by this sum.
  @inlinable @inline(__always)
  static func successorOfExponential(_ x: Vector) -> Vector {
    let slope = Vector(repeating: -0x1.715476p+0)
    // The sum is an integer in the low bits, which begin at the exponent of 2^n when they are shifted.
    let magic = Vector(repeating: 0x1.8p+23 + 127)
    let shifted = product(x, slope, plus: magic)
    let r = product(x, slope, plus: magic - shifted)
    var power = Vector(repeating: 1.3264727e-3)
    power = product(power, r, plus: Vector(repeating: 9.671513e-3))
    power = product(power, r, plus: Vector(repeating: 5.5507336e-2))
    power = product(power, r, plus: Vector(repeating: 2.4022242e-1))
    power = product(power, r, plus: Vector(repeating: 6.93147e-1))
    power = product(power, r, plus: Vector(repeating: 1))
    let scale = unsafeBitCast(shifted, to: Integers.self) &<< Integers(repeating: 23)
    return product(power, unsafeBitCast(scale, to: Vector.self), plus: Vector(repeating: 1))
  }

  /// `a * b + addend`, fused where the processor can.
  @inlinable @inline(__always)
  static func product(_ a: Vector, _ b: Vector, plus addend: Vector) -> Vector {
    var sum = addend
    multiplyAdd(&sum, a, b)
    return sum
  }

  @inlinable @inline(__always)
  static func powerOfTwo(_ exponent: Integers) -> Vector {
    unsafeBitCast((exponent &+ Integers(repeating: 127)) &<< Integers(repeating: 23), to: Vector.self)
  }

  /// log(1 + x) of x from 0 to 1, within 4 units of its value: twice the series of the inverse hyperbolic tangent of
  /// x / (2 + x), which is at most 1/3.
  @inlinable @inline(__always)
  static func logarithmOfSuccessor(_ x: Vector) -> Vector {
    let s = x / (x + 2)
    let square = s * s
    var sum = Vector(repeating: 1 / 17)
    sum = sum * square + 1 / 15
    sum = sum * square + 1 / 13
    sum = sum * square + 1 / 11
    sum = sum * square + 1 / 9
    sum = sum * square + 1 / 7
    sum = sum * square + 1 / 5
    sum = sum * square + 1 / 3
    sum = sum * square * s + s
    return sum + sum
  }

  /// erfc(x) of x from 0 to 15, within a few units of its value plus x^2 units (Press et al., "Numerical Recipes",
  /// section 6.2, a Chebyshev fit).
  @inlinable @inline(__always)
  static func complementaryError(_ x: Vector) -> Vector {
    let t = 1 / (1 + x * 0.5)
    var sum = Vector(repeating: 0.17087277)
    sum = sum * t - 0.82215223
    sum = sum * t + 1.48851587
    sum = sum * t - 1.13520398
    sum = sum * t + 0.27886807
    sum = sum * t - 0.18628806
    sum = sum * t + 0.09678418
    sum = sum * t + 0.37409196
    sum = sum * t + 1.00002368
    sum = sum * t - 1.26551223
    return t * exponential(sum - x * x)
  }

  @inlinable @inline(__always)
  static func magnitude(_ x: Vector) -> Vector {
    unsafeBitCast(unsafeBitCast(x, to: Integers.self) & Integers(repeating: 0x7fff_ffff), to: Vector.self)
  }

  /// A value that is not negative with the sign of another.
  @inlinable @inline(__always)
  static func withSign(of x: Vector, _ value: Vector) -> Vector {
    let sign = unsafeBitCast(x, to: Integers.self) & Integers(repeating: .min)
    return unsafeBitCast(unsafeBitCast(value, to: Integers.self) | sign, to: Vector.self)
  }

  @inlinable @inline(__always)
  static func select(_ a: Vector, whereNegative sign: Vector, else b: Vector) -> Vector {
    let mask = unsafeBitCast(sign, to: Integers.self) &>> Integers(repeating: 31)
    let chosen = (unsafeBitCast(a, to: Integers.self) & mask) | (unsafeBitCast(b, to: Integers.self) & ~mask)
    return unsafeBitCast(chosen, to: Vector.self)
  }

  /// `value`, or a NaN where `x` is one.
  @inlinable @inline(__always)
  static func keepingNaN(of x: Vector, _ value: Vector) -> Vector {
    let isNaN = nanMask(unsafeBitCast(x, to: Integers.self)) & Integers(repeating: 0x7fc0_0000)
    return unsafeBitCast(unsafeBitCast(value, to: Integers.self) | isNaN, to: Vector.self)
  }
}
