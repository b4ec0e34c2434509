{# target = keep*target + scale/active * sum over the batch elements that hold a stimulus; if tied, over places too #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    using _real = {{c_data_type(variables['_target'].dtype)}};
    const recircuit::Local _synapses{ {{batch_size}}, {{channels}}, {{sources}}, {{maps}}, {{places}}, {{taps}}, {{width}}, {{across}}, {{'true' if tied else 'false'}}, {{'true' if even else 'false'}}, {{get_array_name(variables['_where'])}} };
    recircuit::local_accumulate(_synapses, _n, _real(_keep), _real(_scale)/_n, {{get_array_name(variables['_post'])}}, {{get_array_name(variables['_pre'])}}, {{get_array_name(variables['_target'])}});
{% endblock %}
