{% extends 'common_group.cpp' %}
{% block maincode %}
    for (int _b = 0; _b < {{batch_size}}; ++_b)
        for (int _k = 0; _k < {{n_pre}}; ++_k)
            {{get_array_name(variables['_field'])}}[_b*{{n_pre}} + _k] = {{get_array_name(variables['_weights'])}}[_k]*{{get_array_name(variables['_signal'])}}[_b*{{n_pre}} + _k];
{% endblock %}
