{# A code object: what one thread does, a kernel with a thread for each of so many things, and the function that launches
   it. It takes the place of Brian2CUDA's template of this name: clocks are read from device memory, so that a captured
   presentation sees time pass, and nothing is asked of the device between launches.
   The device fills in what stands between percent signs. #}
{% macro cu_file() %}
#include "objects.h"
#include "recircuit.h"
#include "functions.h"
#include "jobs.h"

{{support_code_lines|autoindent}}
{{hashdefine_lines|autoindent}}

constexpr int things = {% block count %}1{% endblock %};

{% block prepare %}
{% if once %}
__device__ inline void prepare(const int%PARAMETERS%)
{
    %WIDE_CONSTANTS%
    {{once.code|autoindent}}
}
{% endif %}
{% endblock %}

{% block body %}
__device__ inline void body(const int _idx%PARAMETERS%)
{
    %CONSTANTS%
    const int _thread = _idx, _vectorisation_idx = _idx;
    %NOISE%
    {% block maincode %}
    {% endblock %}
}
{% endblock %}

{% block kernel %}
__global__ void kernel(const int _count%PARAMETERS%)
{
    const int _idx = recircuit::thread();
    if (_idx < _count) body(_idx%NAMES%);
}
void launch()
{
    recircuit::launch("{{codeobj_name}}", kernel, things%ARGUMENTS%);
}
{% endblock %}

void _run_{{codeobj_name}}()
{
    {% block run %}
    {% if once %}
    recircuit::launch_job("{{codeobj_name}}", %PREPARE%, 0);
    {% endif %}
    launch();
    {% endblock %}
}
{% endmacro %}

{% macro h_file() %}
void _run_{{codeobj_name}}();
{% endmacro %}

{% macro before_run_cu_file() %}
// EMPTY_CODE_BLOCK
{% endmacro %}

{% macro after_run_cu_file() %}
// EMPTY_CODE_BLOCK
{% endmacro %}
