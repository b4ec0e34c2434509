{# a delay line moves on by a step: it returns signals from some steps ago, and keeps the present signal #}
{% extends 'job.cu' %}
{% block count %}{{size}}{% endblock %}
{% block maincode %}
    const long _now = {{get_array_name(variables['_timestep'])}}[0];
    {% for name, steps in taps %}
    {{get_array_name(variables[name])}}[_idx] = {{get_array_name(variables['_line'])}}[((_now - {{steps}}) % {{length}} + {{length}}) % {{length}} * {{size}}L + _idx];
    {% endfor %}
    {{get_array_name(variables['_line'])}}[_now % {{length}} * {{size}}L + _idx] = {{get_array_name(variables['_signal'])}}[_idx];
{% endblock %}
