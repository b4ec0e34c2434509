{# one value for each batch element is copied to each of its units #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    for (int _b = 0; _b < {{batch_size}}; ++_b)
        for (int _k = 0; _k < {{n_post}}; ++_k)
            {{get_array_name(variables['_field'])}}[_b*{{n_post}} + _k] = {{get_array_name(variables['_signal'])}}[_b];
{% endblock %}
