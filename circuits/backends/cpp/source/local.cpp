// Instances of local.h for one width of numbers.
#include "local.h"

namespace recircuit {

template void local_propagate(const Local&, const REAL*, const REAL*, REAL*);
template void local_propagate_back(const Local&, const REAL*, const REAL*, REAL*);
template void local_accumulate(const Local&, int, REAL, REAL, const REAL*, const REAL*, REAL*);

}  // namespace recircuit
