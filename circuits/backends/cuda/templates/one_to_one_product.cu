{# target = keep*target + scale/active * sum over batch elements of post*pre #}
{% extends 'job.cu' %}
{% block count %}{{n_pre}}{% endblock %}
{% block maincode %}
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    {{c_data_type(variables['_target'].dtype)}} _sum = 0;
    for (int _place = _idx; _place < _n*{{n_pre}}; _place += {{n_pre}})
        _sum += {{get_array_name(variables['_pre'])}}[_place]*{{get_array_name(variables['_post'])}}[_place];
    {{get_array_name(variables['_target'])}}[_idx] = _keep*{{get_array_name(variables['_target'])}}[_idx] + {{c_data_type(variables['_target'].dtype)}}(_scale)/_n*_sum;
{% endblock %}
