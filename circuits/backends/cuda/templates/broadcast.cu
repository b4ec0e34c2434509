{# one value for each batch element is copied to each of its units #}
{% extends 'job.cu' %}
{% block count %}{{batch_size*n_post}}{% endblock %}
{% block maincode %}
    {{get_array_name(variables['_field'])}}[_idx] = {{get_array_name(variables['_signal'])}}[_idx/{{n_post}}];
{% endblock %}
