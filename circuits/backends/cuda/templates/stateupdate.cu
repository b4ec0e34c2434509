{# elementwise statements #}
{# USES_VARIABLES { N } #}
{% extends 'job.cu' %}
{% block count %}{{variables['N'].get_value()}}{% endblock %}
{% block maincode %}
    {{scalar_code|autoindent}}
    {
        {{vector_code|autoindent}}
    }
{% endblock %}
