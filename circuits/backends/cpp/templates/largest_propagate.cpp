{# the largest of a window and which it was; the other way round, to the winner alone #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    recircuit::{{'to_winner' if transposed else 'largest'}}({{columns*channels}}, {{sources}}, {{places}}, {{taps}}, {{get_array_name(variables['_heard'])}}, {{get_array_name(variables['_weights'])}}[0], {{get_array_name(variables['_signal'])}}, {{get_array_name(variables['_winner'])}}, {{get_array_name(variables['_field'])}});
{% endblock %}
