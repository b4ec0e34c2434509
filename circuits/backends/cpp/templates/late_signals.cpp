{# for each pair of a pre unit and a delay, the signal of that unit that number of steps ago #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const long _now = {{get_array_name(variables['_timestep'])}}[0];
    for (int _pair = 0; _pair < {{count}}; ++_pair) {
        const long _row = ((_now - {{get_array_name(variables['_delay_steps'])}}[_pair]) % {{length}} + {{length}}) % {{length}};
        const auto* _sent = {{get_array_name(variables['_line'])}} + _row*{{batch_size*n_pre}}L + {{get_array_name(variables['_delay_pre'])}}[_pair];
        for (int _column = 0; _column < {{batch_size}}; ++_column)
            {{get_array_name(variables['_signals'])}}[_column*{{count}}L + _pair] = _sent[_column*{{n_pre}}L];
    }
{% endblock %}
