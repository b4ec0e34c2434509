{# target = keep*target + scale/active * post^T pre, over the columns that hold a stimulus #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    recircuit::gemm(true, false, {{n_post}}, {{n_pre}}, _n, _scale/_n, {{get_array_name(variables['_post'])}}, {{n_post}}, {{get_array_name(variables['_pre'])}}, {{n_pre}}, _keep, {{get_array_name(variables['_target'])}}, {{n_pre}});
{% endblock %}
