{# what does not exist is set to zero, unless nothing has touched it #}
{# USES_VARIABLES { N } #}
{% extends 'stateupdate.cpp' %}
{% block maincode %}
{% if not masked %}
{{ super() }}
{% endif %}
{% endblock %}
