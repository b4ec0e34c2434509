// Python's operators on numbers, in the width of their operands: they do not turn single precision into double. If the result
// has a fraction, a whole number counts as REAL, the width of the circuit.
#pragma once
#include <math.h>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace recircuit {

template <class T>
constexpr T lowest = std::numeric_limits<T>::lowest();

template <class X, class Y>
using Both = decltype(X() * Y());
template <class T>
using Real = std::conditional_t<std::is_floating_point<T>::value, T, REAL>;
template <class T>
using Wide = std::conditional_t<std::is_floating_point<T>::value, T, std::int64_t>;

// x**n for a small n that is written in the equation, computed by products, which are exact for whole numbers.
template <int n, class X>
__host__ __device__ inline auto power(X x) {
    if constexpr (n < 0)
        return Real<X>(1) / Real<X>(power<-n>(x));
    else if constexpr (n == 0)
        return Wide<X>(1);
    else if constexpr (n == 1)
        return Wide<X>(x);
    else if constexpr (n % 2)
        return power<n - 1>(x) * Wide<X>(x);
    else
        return power<n / 2>(x) * power<n / 2>(x);
}

// A scalar that one thread has computed before.
template <class T>
__host__ __device__ inline T& slot(std::int64_t* scalars, int place) {
    return *reinterpret_cast<T*>(scalars + place);
}

}  // namespace recircuit

template <class X, class Y>
__host__ __device__ inline auto _brian_pow(X x, Y y) {
    using Result = recircuit::Real<recircuit::Both<X, Y>>;
    return pow(Result(x), Result(y));
}

// x % y has the sign of y, as in Python and NumPy.
template <class X, class Y>
__host__ __device__ inline auto _brian_mod(X x, Y y) {
    using Result = recircuit::Both<X, Y>;
    const Result a = x, b = y;
    Result rest;
    if constexpr (std::is_integral<Result>::value)
        rest = a % b;
    else
        rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? Result(rest + b) : rest;
}

// x // y is rounded down, as in Python and NumPy.
template <class X, class Y>
__host__ __device__ inline auto _brian_floordiv(X x, Y y) {
    using Result = recircuit::Both<X, Y>;
    const Result a = x, b = y, rest = _brian_mod(x, y);
    if constexpr (std::is_integral<Result>::value) {
        return Result((a - rest) / b);
    } else {
        if (b == 0) return a / b;
        const Result quotient = (a - rest) / b, down = floor(quotient);
        return quotient - down > Result(0.5) ? down + 1 : down;
    }
}

// (exp(x) - 1)/x, continued at x = 0.
template <class X>
__host__ __device__ inline auto _brian_exprel(X x) {
    using Result = recircuit::Real<X>;
    const Result value = x;
    return value == 0 ? Result(1) : expm1(value) / value;
}
