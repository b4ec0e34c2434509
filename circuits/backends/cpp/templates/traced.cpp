{# In every batch element that shows something traces are set, then target = keep*target + mean of what they are made into.
   A few units at a time, or a part of one that has many weights, through all batch elements, so that their sums stay in the
   first cache and each stretch of memory is long; each trace is read and written once, and each variable of a unit once for
   all its weights. Tied weights sum over the places of the image; a tap that reads nothing adds nothing. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _tied = kind == 'local' and tied %}
{% if kind == 'local' %}
{% set _where = get_array_name(variables['_where']) %}
{% set _rows, _width = (maps if tied else places*maps), channels*taps %}
{% else %}
{% set _rows, _width = (1 if kind == 'one_to_one' else n_post), n_pre %}
{% endif %}
{% set _t = get_array_name(variables['_target']) if has_target else '' %}
{% macro of_unit(line) %}{% if kind == 'dense' and line.strip().startswith('const ') and line.strip().endswith('[_post_index];') %}yes{% endif %}{% endmacro %}
{% set _piece = [_width, 2048]|min %}
{% set _apart = (_piece + 15)//16*16 %}
{% set _together = [_rows, [1, 2048//_apart]|max]|min %}
    const int _n = {{get_array_name(variables['_active'])}}[0];
    using _real = {{c_data_type(variables[traces[0]].dtype)}};
    recircuit::each_rows({{_rows}}, {{batch_size*weights*(places if _tied else 1)}}L, [=](int _begin, int _end) {
        const size_t _vectorisation_idx = -1;
        {{scalar_code|autoindent}}
        for (int _first = _begin; _first < _end; _first += {{_together}})
        for (int _from = 0; _from < {{_width}}; _from += {{_piece}}) {
            const int _last = std::min(_first + {{_together}}, _end), _to = std::min(_from + {{_piece}}, {{_width}});
            alignas(64) _real _sums[{{_together}}][{{_apart}}] = {};
            for (int _column = 0; _column < _n; ++_column)
            for (int _row = _first; _row < _last; ++_row) {
                _real* _sum = _sums[_row - _first];
{% if kind == 'dense' %}
                const int _post_index = _column*{{n_post}} + _row;
{% for line in vector_code if of_unit(line) %}
                {{line}}
{% endfor %}
{% endif %}
                #pragma GCC ivdep
                for (int _k = _from; _k < _to; ++_k) {
                    const long _idx = long(_row)*{{_width}} + _k, _trace_index = _column*{{weights}}L + _idx;
                    const size_t _vectorisation_idx = _idx;
{% if _tied %}
                    _real _whole = 0, _alone = 0;
                    for (int _place = 0; _place < {{places}}; ++_place) {
                        const int _source = {{_where}}[_place*{{taps}} + _k%{{taps}}];
                        if (_source < 0) continue;
                        const int _pre_index = _column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source;
                        const int _post_index = _column*{{n_post}} + _row*{{places}} + _place;
                        {{vector_code|autoindent}}
                        _whole += _value;
                        _alone = _once;
                    }
                    _whole += _alone;
                    {% for name in written %}
                    {{get_array_name(variables[name])}}[_trace_index] = _whole;
                    {% endfor %}
                    {% if has_target %}
                    _sum[_k - _from] += _whole;
                    {% endif %}
{% else %}
{% if kind == 'local' %}
                    const int _place = _row/{{maps}}, _source = {{_where}}[_place*{{taps}} + _k%{{taps}}];
                    if (_source < 0) continue;
                    const int _pre_index = _column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source;
                    const int _post_index = _column*{{n_post}} + _row%{{maps}}*{{places}} + _place;
{% else %}
                    const int _pre_index = _column*{{n_pre}} + _k;
{% if kind == 'one_to_one' %}
                    const int _post_index = _pre_index;
{% endif %}
{% endif %}
{% for line in vector_code if not of_unit(line) %}
                    {{line}}
{% endfor %}
                    {% for name in written %}
                    {{get_array_name(variables[name])}}[_trace_index] = _new_{{name}};
                    {% endfor %}
                    {% if has_target %}
                    _sum[_k - _from] += _value;
                    {% endif %}
{% endif %}
                }
            }
            {% if has_target %}
            for (int _row = _first; _row < _last; ++_row)
            for (int _k = _from; _k < _to; ++_k) {
                _real& _target = {{_t}}[long(_row)*{{_width}} + _k];
                _target = {{'_target + ' if adds}}_sums[_row - _first][_k - _from]/_n;
            }
            {% endif %}
        }
    });
{% endblock %}
