{# What all templates extend: Brian2's own includes the streams and clocks of programs that print, and repeats functions that
   are in support.h here. #}
{% macro cpp_file() %}
#include "objects.h"
#include "brianlib/common_math.h"
{% block extra_headers %}
{% endblock %}
{% for name in user_headers | sort %}
#include {{name}}
{% endfor %}

namespace {
    {{support_code_lines|autoindent}}
}
{{hashdefine_lines|autoindent}}

void _run_{{codeobj_name}}()
{
    using namespace brian;
    %CONSTANTS%
    {{pointers_lines|autoindent}}
    {% block maincode %}
    {% endblock %}
}

{% block extra_functions_cpp %}
{% endblock %}
{% endmacro %}

{% macro h_file() %}
{% endmacro %}
{% macro before_run_cpp_file() %}
{% endmacro %}
{% macro before_run_h_file() %}
{% endmacro %}
{% macro after_run_cpp_file() %}
{% endmacro %}
{% macro after_run_h_file() %}
{% endmacro %}
