{# the largest of a window and which it was, a thread per place; the other way round, to the argmax alone: a thread per
   pixel, which looks through the windows that it is in #}
{% extends 'common_group.cu' %}
{% block count %}{{batch_size*n_post}}{% endblock %}
{% block maincode %}
{% set _real = c_data_type(variables['_field'].dtype) %}
{% set _signal = get_array_name(variables['_signal']) %}
{% set _argmax = get_array_name(variables['_argmax']) %}
    const {{_real}} _w = {{get_array_name(variables['_weights'])}}[0];
{% if transposed %}
{% set most = variables['_inverse'].size//sources %}
    const int _image = _idx/{{sources}}, _pixel = _idx%{{sources}};
    {{_real}} _sum = 0;
    for (int _k = 0; _k < {{most}}; ++_k) {
        const int _at = {{get_array_name(variables['_inverse'])}}[_pixel*{{most}} + _k];
        if (_at < 0) break;
        const int _place = _image*{{places}} + _at%{{places}};
        if (int({{_argmax}}[_place]) == _at/{{places}}) _sum += _w*{{_signal}}[_place];
    }
    {{get_array_name(variables['_field'])}}[_idx] = _sum;
{% else %}
    const {{_real}}* _sent = {{_signal}} + std::int64_t(_idx/{{places}})*{{sources}};
    {{_real}} _best = recircuit::lowest<{{_real}}>;
    int _which = 0;
    for (int _k = 0; _k < {{taps}}; ++_k) {
        const int _pixel = {{get_array_name(variables['_tap_pixels'])}}[_k*{{places}} + _idx%{{places}}];
        if (_pixel < 0 || !(_sent[_pixel] > _best)) continue;
        _best = _sent[_pixel];
        _which = _k;
    }
    {{get_array_name(variables['_field'])}}[_idx] = _best*_w;
    {{_argmax}}[_idx] = _which;
{% endif %}
{% endblock %}
