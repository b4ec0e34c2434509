{# target = keep*target + scale * mean over batch elements of an expression of pre, post and synapse.
   The units of one side two by two, and of the other as many as a few registers hold: see source/fused.h.
   Of local connections a map at a time (tied) or a map of a place; a tap that reads nothing adds nothing. #}
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
    recircuit::each_row({{maps if tied else places*maps}}, {{batch_size*places*maps*_inputs}}L, [=](int _row) {
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
{% elif kind == 'one_to_one' %}
    recircuit::each_range({{n_pre}}, [=](int _begin, int _end) {
        for (int _idx = _begin; _idx < _end; ++_idx) {
            const size_t _vectorisation_idx = _idx;
            _real _sum = 0;
            for (int _column = 0; _column < _n; ++_column) {
                const int _pre_index = _column*{{n_pre}} + _idx, _post_index = _pre_index;
                {{vector_code|autoindent}}
                _sum += _value;
            }
            {{_t}}[_idx] = _real(_keep)*{{_t}}[_idx] + _real(_scale)/_n*_sum;
        }
    });
{% else %}
{% set _lanes = 32 if variables['_target'].dtype.itemsize == 4 else 16 %}
{% set _pres = [n_pre, _lanes]|min %}
{% set _posts = [n_post, _lanes]|min %}
    const auto _sums = [=](auto _pre_by_twos, int _one, int _other, int _first, const int* _shown, int _count, _real* _into) {
        constexpr int _width = _pre_by_twos ? {{_posts}} : {{_pres}};
        _real _sum[2][_width] = {};
        for (int _place = 0; _place < _count; ++_place) {
            asm volatile("");  // otherwise GCC takes two batch elements at a time, and gathers
            const int _column = _shown[_place];
            #pragma GCC unroll 2
            for (int _which = 0; _which < 2; ++_which) {
                const int _unit = _which ? _other : _one;
                #pragma GCC ivdep
                for (int _k = 0; _k < _width; ++_k) {
                    const int _pre = _pre_by_twos ? _unit : _first + _k, _post = _pre_by_twos ? _first + _k : _unit;
                    const int _idx = _post*{{n_pre}} + _pre;
                    const size_t _vectorisation_idx = _idx;
                    const int _pre_index = _column*{{n_pre}} + _pre, _post_index = _column*{{n_post}} + _post;
                    {{vector_code|autoindent}}
                    _sum[_which][_k] += _value;
                }
            }
        }
        __builtin_memcpy(_into, _sum, sizeof _sum);
    };
    const recircuit::Fused<_real> _all{
        _n, {{n_pre}}, {{n_post}}, _real(_keep), _real(_scale)/_n,
        {{get_array_name(variables[vanishing.pre]) if vanishing.get('pre') else 'nullptr'}},
        {{get_array_name(variables[vanishing.post]) if vanishing.get('post') else 'nullptr'}}, {{_t}} };
{% if vanishing.get('pre') %}
    if (recircuit::zeros(_all.pre_factor, long(_n)*{{n_pre}}) > recircuit::zeros(_all.post_factor, long(_n)*{{n_post}}))
        return recircuit::fuse_by_twos<_real, true, {{_posts}}>(_all, [&](auto... _where) { _sums(std::true_type(), _where...); });
{% endif %}
    recircuit::fuse_by_twos<_real, false, {{_pres}}>(_all, [&](auto... _where) { _sums(std::false_type(), _where...); });
{% endif %}
{% endblock %}
