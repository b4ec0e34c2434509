{# each weight is copied to the place of its synapse #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    for (int _s = 0; _s < {{synapses}}; ++_s)
        {{get_array_name(variables['_spread'])}}[{{get_array_name(variables['_delay_place'])}}[_s]] = {{get_array_name(variables['_weights'])}}[{{get_array_name(variables['_delay_weight'])}}[_s]];
{% endblock %}
