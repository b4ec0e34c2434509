{# The arrays of a circuit, in device memory only. source/pieces.h declares them for the presentation loop. #}
{% macro h_file() %}
#pragma once
#include <cstdint>

#include "pieces.h"

namespace brian {
{% for array in arrays %}
extern {{array.kind}}* {{array.name}};
{% endfor %}
}
{% endmacro %}

{% macro cu_file() %}
#include "objects.h"

namespace brian {
{% for array in arrays %}
{{array.kind}}* {{array.name}} = nullptr;  // {{array.count}}
{% endfor %}

const Piece pieces[] = {
{% for array in arrays %}
    {reinterpret_cast<void**>(&{{array.name}}), sizeof({{array.kind}}) * {{array.count}}},
{% endfor %}
};
const std::size_t piece_count = {{arrays|length}};
const double dt = {{dt}};
}
{% endmacro %}
