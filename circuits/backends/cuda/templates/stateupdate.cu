{# elementwise statements #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% block count %}{{variables['N'].get_value()}}{% endblock %}
{% block maincode %}
    {{scalar_code|autoindent}}
    {
        {{vector_code|autoindent}}
    }
{% endblock %}
