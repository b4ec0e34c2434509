{# The arrays of a circuit, in device memory only: one allocation, cut into pieces. #}
{% macro h_file() %}
#pragma once
#include <cstddef>
#include <cstdint>

namespace brian {
{% for array in arrays %}
extern {{array.kind}}* {{array.name}};
{% endfor %}

struct Piece {
    void** place;
    std::size_t bytes;
};
extern const Piece pieces[];
extern const std::size_t piece_count;
extern const double dt;
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
