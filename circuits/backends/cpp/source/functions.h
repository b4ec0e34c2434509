// Transfer functions that vectorise better than the library's.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace recircuit {

// int(...) in an expression: it turns a condition into 1 or 0 in the width of the run, so that no loop computes with integers.
template <class Real>
inline Real whole(bool condition) { return condition ? Real(1) : Real(0); }
template <class Real, class Number>
inline std::int64_t whole(Number number) { return std::int64_t(number); }

inline double tanh(double x) { return std::tanh(x); }

// a/b, for b that are not zero. With -ffast-math, the compiler multiplies by a reciprocal that it estimates and improves. With AVX2
// the estimate is coarser than with AVX-512, and the result is improved once more.
inline float quotient(float a, float b) {
#if defined(__FMA__) && !defined(__AVX512F__)
    const float reciprocal = 1.0f / b, value = a * reciprocal;
    return __builtin_fmaf(__builtin_fmaf(-value, b, a), reciprocal, value);
#else
    return a / b;
#endif
}

// tanh as a quotient of polynomials, to 3e-7 of its value; it costs less than the library's. The coefficients are Eigen's
// (MathFunctionsImpl.h, generic_fast_tanh_float, MPL 2.0). For large arguments, where the quotient is a little less than 1, the
// result is exactly 1: so the slope 1 - tanh^2 of a saturated unit is 0, and a rule that reads the sign of an error reads 0.
// The result for NaN is NaN.
inline float tanh(float x) {
    constexpr float end = 7.90531110763549805f;  // from here on it is 1, to 3e-7
    const float u = x < -end ? -end : x > end ? end : x, s = u * u;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    const float value = s < end * end ? quotient(u * p, q) : x < 0 ? -1.0f : 1.0f;
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7fffffffu) > 0x7f800000u ? x : value;
}

}  // namespace recircuit
