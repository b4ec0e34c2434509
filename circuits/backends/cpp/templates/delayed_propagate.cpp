{# synapses with delays of their own, one after the other; threads share the post units #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    using _real = {{c_data_type(variables['_field'].dtype)}};
    const int _now = ({{get_array_name(variables['_timestep'])}}[0] % {{length}} + {{length}}) % {{length}};
    recircuit::each_range({{n_post}}, [=](int _begin, int _end) {
        for (int _column = 0; _column < {{batch_size}}; ++_column)
            for (int _k = _begin; _k < _end; ++_k) {
                _real _sum = 0;
                for (int _s = {{get_array_name(variables['_delay_start'])}}[_k]; _s < {{get_array_name(variables['_delay_start'])}}[_k + 1]; ++_s) {
                    const int _late = _now - {{get_array_name(variables['_delay_steps'])}}[_s];
                    const long _row = _late < 0 ? _late + {{length}} : _late;
                    _sum += {{get_array_name(variables['_weights'])}}[{{get_array_name(variables['_delay_weight'])}}[_s]]
                        * {{get_array_name(variables['_line'])}}[(_row*{{batch_size}} + _column)*{{n_pre}} + {{get_array_name(variables['_delay_pre'])}}[_s]];
                }
                {{get_array_name(variables['_field'])}}[_column*{{n_post}} + _k] = _sum;
            }
    });
{% endblock %}
