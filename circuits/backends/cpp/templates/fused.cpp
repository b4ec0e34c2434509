{# target = keep*target + scale * mean over columns of an expression of pre, post and synapse #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _t = get_array_name(variables['_target']) %}
{% set _total = n_pre if kind == 'one_to_one' else n_pre*n_post %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    std::vector<{{c_data_type(variables['_target'].dtype)}}> _sum({{_total}}, 0);
    for (int _column = 0; _column < _n; ++_column)
        for (int _idx = 0; _idx < {{_total}}; ++_idx) {
            const size_t _vectorisation_idx = _idx;
            const int _pre_index = _column*{{n_pre}} + {{'_idx' if kind == 'one_to_one' else '_idx % ' ~ n_pre}};
            const int _post_index = _column*{{n_post}} + {{'_idx' if kind == 'one_to_one' else '_idx / ' ~ n_pre}};
            {{vector_code|autoindent}}
            _sum[_idx] += _value;
        }
    for (int _idx = 0; _idx < {{_total}}; ++_idx) {{_t}}[_idx] = _keep*{{_t}}[_idx] + _scale/_n*_sum[_idx];
{% endblock %}
