{# local connections, tied or not; if transposed, with the weights of a projection in the opposite direction #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const recircuit::Local _synapses{ {{batch_size}}, {{channels}}, {{sources}}, {{maps}}, {{places}}, {{taps}}, {{width}}, {{across}}, {{'true' if tied else 'false'}}, {{'true' if even else 'false'}}, {{get_array_name(variables['_where'])}} };
    recircuit::local_propagate{{'_back' if transposed else ''}}(_synapses, {{get_array_name(variables['_signal'])}}, {{get_array_name(variables['_weights'])}}, {{get_array_name(variables['_field'])}});
{% endblock %}
