{# each weight is copied to the place of its synapse #}
{% extends 'job.cu' %}
{% block count %}{{synapses}}{% endblock %}
{% block maincode %}
    {{get_array_name(variables['_spread'])}}[{{get_array_name(variables['_delay_place'])}}[_idx]] = {{get_array_name(variables['_weights'])}}[{{get_array_name(variables['_delay_weight'])}}[_idx]];
{% endblock %}
