{# target = keep*target + scale/active * post^T pre, over the batch_size that hold a stimulus: one thread leaves the two
   factors in device memory, where cuBLAS reads them #}
{% extends 'common_group.cu' %}
{% block maincode %}
    {{scalar_code|autoindent}}
    using _real = {{c_data_type(variables['_target'].dtype)}};
    _real* _factors = static_cast<_real*>(_shared);
    _factors[0] = _real(_scale)/{{get_array_name(variables['_active'])}}[0];
    _factors[1] = _real(_keep);
{% endblock %}
{% block products %}
    using namespace brian;
    recircuit::accumulate("{{codeobj_name}}", {{n_pre}}, {{n_post}}, {{get_array_name(variables['_post'], prefix='dev')}}, {{get_array_name(variables['_pre'], prefix='dev')}}, {{get_array_name(variables['_target'], prefix='dev')}});
{% endblock %}
