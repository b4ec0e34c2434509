// Instances of pooling.h for one width of numbers.
#include "pooling.h"

namespace recircuit {

template void largest(int, int, int, int, const std::int32_t*, REAL, const REAL*, REAL*, REAL*);
template void to_argmax(int, int, int, int, const std::int32_t*, REAL, const REAL*, const REAL*, REAL*);

}  // namespace recircuit
