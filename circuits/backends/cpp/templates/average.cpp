{# a shared variable = the mean over the batch elements that show something #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _shared = get_array_name(variables['_shared']) %}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    for (int _unit = 0; _unit < {{units}}; ++_unit) {{_shared}}[_unit] = 0;
    for (int _column = 0; _column < _n; ++_column)
        for (int _unit = 0; _unit < {{units}}; ++_unit)
            {{_shared}}[_unit] += {{get_array_name(variables['_each'])}}[_column*{{units}} + _unit];
    for (int _unit = 0; _unit < {{units}}; ++_unit) {{_shared}}[_unit] /= _n;
{% endblock %}
