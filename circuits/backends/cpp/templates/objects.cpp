{# The arrays of a circuit. Brian2's own template also writes results, random numbers and command lines, for programs
   that run once; of a worker only the arrays are needed, and the file is most of what a small circuit compiles. #}
{% macro h_file() %}
#pragma once
#include <math.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace std;  // so that exp, floor and others in expressions have the width of their argument

namespace brian {
{% for var, name in dynamic_array_specs | dictsort(by='value') %}
extern std::vector<{{c_data_type(var.dtype)}}> {{name}};
{% endfor %}
{% for var, name in array_specs | dictsort(by='value') if var not in dynamic_array_specs %}
extern {{c_data_type(var.dtype)}}* {{name}};
extern const int _num_{{name}};
{% endfor %}
{% for name, kind, count, file in static_array_specs | sort if name not in array_specs.values() and name not in dynamic_array_specs.values() %}
extern {{kind}}* {{name}};
extern const int _num_{{name}};
{% endfor %}
}

void _init_arrays();
{% endmacro %}

{% macro cpp_file() %}
#include "objects.h"

#include <cstdio>
#include <cstring>

namespace brian {
{% for var, name in dynamic_array_specs | dictsort(by='value') %}
std::vector<{{c_data_type(var.dtype)}}> {{name}};
{% endfor %}
{% for var, name in array_specs | dictsort(by='value') if var not in dynamic_array_specs %}
{{c_data_type(var.dtype)}}* {{name}};
const int _num_{{name}} = {{var.size}};
{% endfor %}
{% for name, kind, count, file in static_array_specs | sort if name not in array_specs.values() and name not in dynamic_array_specs.values() %}
{{kind}}* {{name}};
const int _num_{{name}} = {{count}};
{% endfor %}
}

namespace {

// Aligned for whole vector registers.
template <class T>
void make(T*& array, std::size_t count) {
    const std::size_t bytes = (count * sizeof(T) + 63) / 64 * 64 + 64;
    array = static_cast<T*>(std::aligned_alloc(64, bytes));
    if (!array) std::abort();
    std::memset(array, 0, bytes);
}
template <class T>
void make(std::vector<T>& array, std::size_t count) {
    array.resize(count);
}
template <class Array>
void count_up(Array& array, std::size_t count, long start) {
    for (std::size_t k = 0; k < count; ++k) array[k] = start + long(k);
}
template <class T>
void read(T* into, std::size_t count, const char* name) {
    std::FILE* file = std::fopen(name, "rb");
    if (!file || std::fread(into, sizeof(T), count, file) != count) {
        std::fprintf(stderr, "The file %s of the compiled circuit cannot be read.\n", name);
        std::abort();
    }
    std::fclose(file);
}

}  // namespace

void _init_arrays() {
    using namespace brian;
    {% for var, name in zero_arrays | sort(attribute='1') %}
    make({{name}}, {{var.size}});
    {% endfor %}
    {% for var, name, start in arange_arrays | sort(attribute='1') %}
    make({{name}}, {{var.size}});
    count_up({{name}}, {{var.size}}, {{start}});
    {% endfor %}
    {% for name, kind, count, file in static_array_specs | sort %}
    make({{name}}, {{count}});
    {% if count %}
    read(&{{name}}[0], {{count}}, "static_arrays/{{name}}");
    {% endif %}
    {% endfor %}
}
{% endmacro %}
