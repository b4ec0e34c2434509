// What the generated code of a circuit needs: how its loops and products are done.
#pragma once
#include "functions.h"
#include "fused.h"
#include "kernels.h"
#include "noise.h"

namespace recircuit {
void serve();
}
