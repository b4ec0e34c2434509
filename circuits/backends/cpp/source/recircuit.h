// What the generated code of a circuit needs: how its loops and products are done.
#pragma once
#include "local.h"
#include "pooling.h"
#include "functions.h"
#include "fused.h"
#include "noise.h"
#include "products.h"
#include "sparse.h"

namespace recircuit {
void serve();
}
