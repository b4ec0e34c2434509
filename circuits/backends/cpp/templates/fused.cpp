{# target = keep*target + scale * mean over columns of an expression of pre, post and synapse.
   A row of weights at a time, or a piece of one: post is the same in the whole inner loop, and the sums stay near. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _t = get_array_name(variables['_target']) %}
{% set _rows = 1 if kind == 'one_to_one' else n_post %}
{% set _width = [n_pre, 1024]|min %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    using _real = {{c_data_type(variables['_target'].dtype)}};
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
{% endblock %}
