// Instances of products.h for one width of numbers.
#include "products.h"

namespace recircuit {

template void propagate(int, int, int, bool, const REAL*, const REAL*, REAL*);
template void accumulate(int, int, int, REAL, REAL, const REAL*, const REAL*, REAL*);

}  // namespace recircuit
