{# A matrix product, which the presentation loop computes, alone or with others in one launch #}
{% extends 'common_group.cu' %}
{% block body %}
{% endblock %}
{% block kernel %}
recircuit::Product product()
{
    using namespace brian;
    return {% block product %}{% endblock %};
}
{% endblock %}
{% block run %}
    {% block before %}
    {% endblock %}
    recircuit::multiply("{{codeobj_name}}", product());
{% endblock %}
