{# field = signal W^T, or signal W where the weights belong to a projection that runs the other way #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _w = get_array_name(variables['_weights']) %}
{% set _s = get_array_name(variables['_signal']) %}
{% set _f = get_array_name(variables['_field']) %}
    {% if columns == 1 %}
    recircuit::gemv({{'true' if transposed else 'false'}}, {{n_pre if transposed else n_post}}, {{n_post if transposed else n_pre}}, 1, {{_w}}, {{_s}}, 0, {{_f}});
    {% else %}
    recircuit::gemm(false, {{'false' if transposed else 'true'}}, {{columns}}, {{n_post}}, {{n_pre}}, 1, {{_s}}, {{n_pre}}, {{_w}}, {{n_post if transposed else n_pre}}, 0, {{_f}}, {{n_post}});
    {% endif %}
{% endblock %}
