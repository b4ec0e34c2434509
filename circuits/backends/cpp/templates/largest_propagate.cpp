{# the largest input of a window and its position; in the opposite direction, signals to this argmax alone #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    recircuit::{{'to_argmax' if transposed else 'largest'}}({{batch_size*channels}}, {{sources}}, {{places}}, {{taps}}, {{get_array_name(variables['_tap_pixels'])}}, {{get_array_name(variables['_weights'])}}[0], {{get_array_name(variables['_signal'])}}, {{get_array_name(variables['_argmax'])}}, {{get_array_name(variables['_field'])}});
{% endblock %}
