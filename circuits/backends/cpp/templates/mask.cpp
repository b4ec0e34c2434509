{# weights and states of synapses that do not exist are set to zero, unless they are zero already #}
{# USES_VARIABLES { N } #}
{% extends 'stateupdate.cpp' %}
{% block maincode %}
{% if not masked %}
{{ super() }}
{% endif %}
{% endblock %}
