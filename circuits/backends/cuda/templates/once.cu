{# scalar statements only, by one thread #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cu' %}
{% block maincode %}
    {{scalar_code|autoindent}}
{% endblock %}
