{# target = keep*target + scale * mean over columns of an expression of pre, post and synapse.
   A row of weights at a time, or a piece of one: post is the same in the whole inner loop, and the sums stay near.
   Of local connections a map at a time (tied) or a map of a place; a tap that hears nothing adds nothing. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _t = get_array_name(variables['_target']) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    using _real = {{c_data_type(variables['_target'].dtype)}};
{% if kind == 'local' %}
{% set _where = get_array_name(variables['_where']) %}
{% set _inputs = channels*taps %}
    recircuit::each_row({{maps if tied else places*maps}}, {{columns*places*maps*_inputs}}L, [=](int _row) {
        for (int _k = 0; _k < {{_inputs}}; ++_k) {
            const long _idx = long(_row)*{{_inputs}} + _k;
            const size_t _vectorisation_idx = _idx;
            _real _sum = 0;
            for (int _place = {{'0' if tied else '_row/%d' % maps}}; _place < {{places if tied else '_row/%d + 1' % maps}}; ++_place) {
                const int _source = {{_where}}[_place*{{taps}} + _k%{{taps}}];
                if (_source < 0) continue;
                for (int _column = 0; _column < _n; ++_column) {
                    const int _pre_index = _column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source;
                    const int _post_index = _column*{{n_post}} + {{'_row' if tied else '_row%%%d' % maps}}*{{places}} + _place;
                    {{vector_code|autoindent}}
                    _sum += _value;
                }
            }
            {{_t}}[_idx] = _real(_keep)*{{_t}}[_idx] + _real(_scale)/_n*_sum;
        }
    });
{% else %}
{% set _rows = 1 if kind == 'one_to_one' else n_post %}
{% set _width = [n_pre, 1024]|min %}
    recircuit::each_row({{_rows}}, {{columns*n_pre*n_post}}L, [=](int _row) {
        for (int _first = 0; _first < {{n_pre}}; _first += {{_width}}) {
            const int _count = {{_width if n_pre % _width == 0 else '%d - _first < %d ? %d - _first : %d' % (n_pre, _width, n_pre, _width)}};
            _real _sum[{{_width}}] = {};
            for (int _column = 0; _column < _n; ++_column) {
                #pragma GCC ivdep
                for (int _k = 0; _k < _count; ++_k) {
                    const int _idx = _row*{{n_pre}} + _first + _k;
                    const size_t _vectorisation_idx = _idx;
                    const int _pre_index = _column*{{n_pre}} + _first + _k;
                    const int _post_index = {{'_pre_index' if kind == 'one_to_one' else '_column*%d + _row' % n_post}};
                    {{vector_code|autoindent}}
                    _sum[_k] += _value;
                }
            }
            _real* _piece = {{_t}} + _row*{{n_pre}} + _first;
            for (int _k = 0; _k < _count; ++_k) _piece[_k] = _real(_keep)*_piece[_k] + _real(_scale)/_n*_sum[_k];
        }
    });
{% endif %}
{% endblock %}
