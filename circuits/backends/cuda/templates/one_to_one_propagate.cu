{% extends 'job.cu' %}
{% block count %}{{batch_size*n_pre}}{% endblock %}
{% block maincode %}
    {{get_array_name(variables['_field'])}}[_idx] = {{get_array_name(variables['_weights'])}}[_idx%{{n_pre}}]*{{get_array_name(variables['_signal'])}}[_idx];
{% endblock %}
