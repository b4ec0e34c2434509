// The check whether a sum over batch elements of post (x) pre changes anything. It does not if a factor is zero everywhere, as
// behind a closed gate.
#pragma once

namespace recircuit {

template <class T>
bool nothing(const T* values, long count) {
    for (; count && *values == 0; --count) ++values;
    return !count;
}

// target = keep*target + scale * sum, for posts (batch_size x post) and pres (batch_size x pre).
template <class T>
bool changes(int batch_size, int pre, int post, T keep, const T* posts, const T* pres) {
    return keep != T(1) || !(nothing(posts, long(batch_size) * post) || nothing(pres, long(batch_size) * pre));
}

}  // namespace recircuit
