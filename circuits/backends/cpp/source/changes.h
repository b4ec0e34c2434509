// Whether a sum over columns of post (x) pre changes anything: not where a factor is zero throughout, as behind a closed gate.
#pragma once

namespace recircuit {

template <class T>
bool nothing(const T* values, long count) {
    for (; count && *values == 0; --count) ++values;
    return !count;
}

// target = keep*target + scale * sum, for posts (columns x post) and pres (columns x pre).
template <class T>
bool changes(int columns, int pre, int post, T keep, const T* posts, const T* pres) {
    return keep != T(1) || !(nothing(posts, long(columns) * post) || nothing(pres, long(columns) * pre));
}

}  // namespace recircuit
