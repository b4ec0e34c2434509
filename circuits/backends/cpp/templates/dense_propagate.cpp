{# field = signal W^T, or signal W if the weights belong to a projection in the opposite direction #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    recircuit::{{'sparse_' if sparse}}propagate({{batch_size}}, {{n_pre}}, {{n_post}}, {{'true' if transposed else 'false'}}, {{get_array_name(variables['_mask']) ~ ', ' if sparse}}{{get_array_name(variables['_signal'])}}, {{get_array_name(variables['_weights'])}}, {{get_array_name(variables['_field'])}});
{% endblock %}
