{# target = keep*target + scale/active * post^T pre, over the batch elements that hold a stimulus: one thread leaves the two
   factors in device memory, where the product reads them #}
{% extends 'product.cu' %}
{% block prepare %}
{% set _real = c_data_type(variables['_target'].dtype) %}
__device__ inline void prepare(const int _idx%PARAMETERS%)
{
    %CONSTANTS%
    const int _vectorisation_idx = _idx;
    {{scalar_code|autoindent}}
    recircuit::slot<{{_real}}>(_scalars, 0) = {{_real}}(_scale)/{{get_array_name(variables['_active'])}}[0];
    recircuit::slot<{{_real}}>(_scalars, 1) = {{_real}}(_keep);
}
{% endblock %}
{% block product %}recircuit::update({{n_pre}}, {{n_post}}, recircuit::active, {{blocks|default(1)}}, {{get_array_name(variables['_post'], prefix='dev')}}, {{get_array_name(variables['_pre'], prefix='dev')}}, {{get_array_name(variables['_target'], prefix='dev')}}, %SCALARS%){% endblock %}
{% block before %}
    recircuit::launch_job("{{codeobj_name}}", %PREPARE%, 0);
{% endblock %}
