{# local connections, tied or not: a thread per unit adds up what it hears; transposed: the weights of a projection that
   runs the other way, so that a unit hears all places whose windows it is in #}
{% extends 'common_group.cu' %}
{% block count %}{{batch_size*n_post}}{% endblock %}
{% block maincode %}
{% set _signal = get_array_name(variables['_signal']) %}
{% set _weights = get_array_name(variables['_weights']) %}
{% set _inputs = channels*taps %}
    const int _unit = _idx%{{n_post}};
    const {{c_data_type(variables['_signal'].dtype)}}* _sent = {{_signal}} + std::int64_t(_idx/{{n_post}})*{{n_pre}};
    {{c_data_type(variables['_field'].dtype)}} _sum = 0;
{% if transposed %}
{% set most = variables['_inverse'].size//sources %}
    const int _channel = _unit/{{sources}}, _source = _unit%{{sources}};
    for (int _k = 0; _k < {{most}}; ++_k) {
        const int _entry = {{get_array_name(variables['_inverse'])}}[_source*{{most}} + _k];
        if (_entry < 0) break;
        const int _place = _entry/{{taps}}, _tap = _channel*{{taps}} + _entry%{{taps}};
        for (int _map = 0; _map < {{maps}}; ++_map)
            _sum += {{_weights}}[({{'0' if tied else '_place*%d' % maps}} + _map)*{{_inputs}} + _tap]*_sent[_map*{{places}} + _place];
    }
{% else %}
    const int _map = _unit/{{places}}, _place = _unit%{{places}};
    const {{c_data_type(variables['_weights'].dtype)}}* _w = {{_weights}} + ({{'0' if tied else '_place*%d' % maps}} + _map)*{{_inputs}};
    for (int _channel = 0; _channel < {{channels}}; ++_channel)
        for (int _tap = 0; _tap < {{taps}}; ++_tap) {
            const int _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _tap];
            if (_source >= 0) _sum += _w[_channel*{{taps}} + _tap]*_sent[_channel*{{sources}} + _source];
        }
{% endif %}
    {{get_array_name(variables['_field'])}}[_idx] = _sum;
{% endblock %}
