{# local connections, tied or not, as products with windows that are read where they lie (source/window_fields.h). transposed:
   the weights of a projection that runs the other way; a thread per unit adds up all places whose windows it is in #}
{% extends 'common_group.cu' %}
{% block count %}{{batch_size*n_post}}{% endblock %}
{% block maincode %}
{% if transposed %}
{% set _signal = get_array_name(variables['_signal']) %}
{% set _weights = get_array_name(variables['_weights']) %}
{% set _inputs = channels*taps %}
{% set most = variables['_inverse'].size//sources %}
    const int _unit = _idx%{{n_post}};
    const {{c_data_type(variables['_signal'].dtype)}}* _sent = {{_signal}} + std::int64_t(_idx/{{n_post}})*{{n_pre}};
    {{c_data_type(variables['_field'].dtype)}} _sum = 0;
    const int _channel = _unit/{{sources}}, _source = _unit%{{sources}};
    for (int _k = 0; _k < {{most}}; ++_k) {
        const int _entry = {{get_array_name(variables['_inverse'])}}[_source*{{most}} + _k];
        if (_entry < 0) break;
        const int _place = _entry/{{taps}}, _tap = _channel*{{taps}} + _entry%{{taps}};
        for (int _map = 0; _map < {{maps}}; ++_map)
            _sum += {{_weights}}[({{'0' if tied else '_place*%d' % maps}} + _map)*{{_inputs}} + _tap]*_sent[_map*{{places}} + _place];
    }
    {{get_array_name(variables['_field'])}}[_idx] = _sum;
{% endif %}
{% endblock %}
{% block kernel %}
{% if transposed %}
{{super()}}
{% else %}
#include "window_fields.h"
void launch()
{
    using namespace brian;
    recircuit::{{'bring_tied' if tied else 'bring_local'}}("{{codeobj_name}}", recircuit::Fields<{{c_data_type(variables['_field'].dtype)}}>{{'{'}}{{get_array_name(variables['_weights'], prefix='dev')}},
        {{get_array_name(variables['_signal'], prefix='dev')}}, {{get_array_name(variables['_where'], prefix='dev')}}, {{get_array_name(variables['_field'], prefix='dev')}}, {{maps}}, {{channels}}, {{taps}}, {{places}}, {{sources}}, {{batch_size}}});
}
{% endif %}
{% endblock %}
