{# for each pair of a pre unit and a delay, and each batch element, the signal of that unit that number of steps ago #}
{% extends 'job.cu' %}
{% block count %}{{batch_size*count}}{% endblock %}
{% block maincode %}
    const long _now = {{get_array_name(variables['_timestep'])}}[0];
    const int _column = _idx/{{count}}, _pair = _idx%{{count}};
    const long _row = ((_now - {{get_array_name(variables['_delay_steps'])}}[_pair]) % {{length}} + {{length}}) % {{length}};
    {{get_array_name(variables['_signals'])}}[_idx] = {{get_array_name(variables['_line'])}}[(_row*{{batch_size}} + _column)*{{n_pre}} + {{get_array_name(variables['_delay_pre'])}}[_pair]];
{% endblock %}
