{# target = keep*target + scale/active * post^T pre, over the batch elements that hold a stimulus #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    using _real = {{c_data_type(variables['_target'].dtype)}};
    recircuit::{{'sparse_accumulate(%d, ' % batch_size if sparse else 'accumulate('}}_n, {{n_pre}}, {{n_post}}, _real(_keep), _real(_scale)/_n, {{get_array_name(variables['_mask']) ~ ', ' if sparse}}{{get_array_name(variables['_post'])}}, {{get_array_name(variables['_pre'])}}, {{get_array_name(variables['_target'])}});
{% endblock %}
