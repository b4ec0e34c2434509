{# Elementwise statements. Long loops are shared by threads; what they draw is drawn before, many numbers at a time. #}
{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _code = vector_code|join('\n') %}
{% set _kind = '_randn' if '_randn(' in _code else '_rand' %}
{% set _draws = _code.count(_kind + '(') %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _N = {{constant_or_scalar('N', variables['N'])}};
    {% if _draws %}
    recircuit::each_drawn<{{_draws}}, {{'true' if _kind == '_randn' else 'false'}}>(_N, [=](int _begin, int _end, const double* _drawn) {
        {% if _draws == 1 %}
        const auto {{_kind}} = [=](int _place) { return _drawn[_place - _begin]; };
        {% else %}
        const auto {{_kind}} = [&_drawn](int) { return *_drawn++; };
        {% endif %}
    {% else %}
    recircuit::each_range(_N, [=](int _begin, int _end) {
    {% endif %}
        #pragma GCC ivdep
        for (int _idx = _begin; _idx < _end; ++_idx)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    });
{% endblock %}
