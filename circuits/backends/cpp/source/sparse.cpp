// Instances of sparse.h for one width of numbers.
#include "sparse.h"

namespace recircuit {

template void sparse_propagate(int, int, int, bool, const REAL*, const REAL*, const REAL*, REAL*);
template void sparse_accumulate(int, int, int, int, REAL, REAL, const REAL*, const REAL*, const REAL*, REAL*);

}  // namespace recircuit
