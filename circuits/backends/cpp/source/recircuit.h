// The functions that the generated code of a circuit calls: its loops and products.
#pragma once
#include "functions.h"
#include "fused.h"
#include "kernels.h"
#include "noise.h"

namespace recircuit {
void serve();
}
