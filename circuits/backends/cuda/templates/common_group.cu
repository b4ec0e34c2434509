{# A code object: a kernel with a thread for each of so many things, and the function that launches it.
   It takes the place of Brian2CUDA's template of this name: clocks are read from device memory, so that a captured
   presentation sees time pass, and nothing is asked of the device between launches. #}
{% macro cu_file() %}
#include "objects.h"
#include "recircuit.h"
#include "functions.h"

{{support_code_lines|autoindent}}
{{hashdefine_lines|autoindent}}

{% if once %}
__global__ void scalars(const int%PARAMETERS%)
{
    %WIDE_CONSTANTS%
    {{once.code|autoindent}}
}
{% endif %}

{% block kernel %}
__global__ void kernel(const int _count%PARAMETERS%)
{
    %CONSTANTS%
    const int _idx = recircuit::thread();
    if (_idx >= _count) return;
    const int _vectorisation_idx = _idx;
    %NOISE%
    {% block maincode %}
    {% endblock %}
}
{% endblock %}

void _run_{{codeobj_name}}()
{
    {% if once %}
    recircuit::launch("{{codeobj_name}}", scalars, 1%ARGUMENTS%);
    {% endif %}
    {% block run %}
    recircuit::launch("{{codeobj_name}}", kernel, {% block count %}1{% endblock %}%ARGUMENTS%);
    {% endblock %}
    {% block products %}
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
