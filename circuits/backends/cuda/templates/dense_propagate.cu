{# field = signal W^T, or signal W where the weights belong to a projection that runs the other way: no kernel of ours #}
{% extends 'common_group.cu' %}
{% block body %}
{% endblock %}
{% block kernel %}
void launch()
{
    using namespace brian;
    recircuit::propagate("{{codeobj_name}}", {{batch_size}}, {{n_pre}}, {{n_post}}, {{'true' if transposed else 'false'}}, {{get_array_name(variables['_signal'], prefix='dev')}}, {{get_array_name(variables['_weights'], prefix='dev')}}, {{get_array_name(variables['_field'], prefix='dev')}});
}
{% endblock %}
