{# field = signal T^T in each batch element, or signal T if the traces belong to a projection in the opposite direction #}
{% extends 'common_group.cu' %}
{% block count %}{{batch_size*n_post}}{% endblock %}
{% block maincode %}
    const int _column = _idx/{{n_post}}, _k = _idx%{{n_post}};
    {{c_data_type(variables['_field'].dtype)}} _sum = 0;
    for (int _j = 0; _j < {{n_pre}}; ++_j)
        _sum += {{get_array_name(variables['_traces'])}}[{% if transposed %}(long(_column)*{{n_pre}} + _j)*{{n_post}} + _k{% else %}long(_idx)*{{n_pre}} + _j{% endif %}]
            * {{get_array_name(variables['_signal'])}}[long(_column)*{{n_pre}} + _j];
    {{get_array_name(variables['_field'])}}[_idx] = _sum;
{% endblock %}
