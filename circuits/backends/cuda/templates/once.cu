{# scalar statements only, by one thread #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cu' %}
{% block prepare %}
__device__ inline void prepare(const int _idx%PARAMETERS%)
{
    %CONSTANTS%
    const int _vectorisation_idx = _idx;
    {{scalar_code|autoindent}}
}
{% endblock %}
{% block body %}
{% endblock %}
{% block kernel %}
{% endblock %}
{% block run %}
    recircuit::launch_job("{{codeobj_name}}", %PREPARE%, 0);
{% endblock %}
