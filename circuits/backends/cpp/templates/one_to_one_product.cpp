{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _t = get_array_name(variables['_target']) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    for (int _k = 0; _k < {{n_pre}}; ++_k) {
        {{c_data_type(variables['_target'].dtype)}} _sum = 0;
        for (int _b = 0; _b < _n; ++_b)
            _sum += {{get_array_name(variables['_pre'])}}[_b*{{n_pre}} + _k]*{{get_array_name(variables['_post'])}}[_b*{{n_pre}} + _k];
        {{_t}}[_k] = _keep*{{_t}}[_k] + {{c_data_type(variables['_target'].dtype)}}(_scale)/_n*_sum;
    }
{% endblock %}
