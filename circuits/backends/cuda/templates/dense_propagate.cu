{# field = signal W^T, or signal W if the weights belong to a projection in the opposite direction; it is no kernel of ours #}
{% extends 'product.cu' %}
{% block product %}recircuit::propagation({{batch_size}}, {{n_pre}}, {{n_post}}, {{'true' if transposed else 'false'}}, {{blocks|default(1)}}, {{get_array_name(variables['_signal'], prefix='dev')}}, {{get_array_name(variables['_weights'], prefix='dev')}}, {{get_array_name(variables['_field'], prefix='dev')}}){% endblock %}
