{# Short work: several jobs that do not depend on each other are one launch #}
{% extends 'common_group.cu' %}
{% block kernel %}
{% endblock %}
{% block run %}
    {% if once %}
    recircuit::launch_job("{{codeobj_name}}", %PREPARE%, 0);
    {% endif %}
    recircuit::launch_job("{{codeobj_name}}", %BODY%, things);
{% endblock %}
