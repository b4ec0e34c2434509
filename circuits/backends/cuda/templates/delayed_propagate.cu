{# synapses with delays of their own: a thread for each post unit and batch element #}
{% extends 'common_group.cu' %}
{% block count %}{{batch_size*n_post}}{% endblock %}
{% block maincode %}
    const long _now = {{get_array_name(variables['_timestep'])}}[0];
    const int _column = _idx/{{n_post}}, _k = _idx%{{n_post}};
    {{c_data_type(variables['_field'].dtype)}} _sum = 0;
    for (int _s = {{get_array_name(variables['_delay_start'])}}[_k]; _s < {{get_array_name(variables['_delay_start'])}}[_k + 1]; ++_s) {
        const long _row = ((_now - {{get_array_name(variables['_delay_steps'])}}[_s]) % {{length}} + {{length}}) % {{length}};
        _sum += {{get_array_name(variables['_weights'])}}[{{get_array_name(variables['_delay_weight'])}}[_s]]
            * {{get_array_name(variables['_line'])}}[(_row*{{batch_size}} + _column)*{{n_pre}} + {{get_array_name(variables['_delay_pre'])}}[_s]];
    }
    {{get_array_name(variables['_field'])}}[_idx] = _sum;
{% endblock %}
