{# a delay line moves on by a step: it returns signals from some steps ago, and keeps the present signal #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const long _now = {{get_array_name(variables['_timestep'])}}[0];
    const auto _row = [=](long _step) { return {{get_array_name(variables['_line'])}} + (_step % {{length}} + {{length}}) % {{length}} * {{size}}L; };
    constexpr std::size_t _bytes = {{size}}L * sizeof({{c_data_type(variables['_line'].dtype)}});
    {% for name, steps in taps %}
    __builtin_memcpy({{get_array_name(variables[name])}}, _row(_now - {{steps}}), _bytes);
    {% endfor %}
    __builtin_memcpy(_row(_now), {{get_array_name(variables['_signal'])}}, _bytes);
{% endblock %}
