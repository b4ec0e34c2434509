{# Elementwise statements. Long loops are shared by threads; what they draw is drawn before, many numbers at a time,
   but where it is not known how many, or where there are two kinds: then the elements come one after the other. #}
{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}
{% block maincode %}
{% set _code = vector_code|join('\n') %}
{% set _kind = '_randn' if '_randn(' in _code else '_rand' %}
{% set _draws = _code.count(_kind + '(') %}
{% set _one_by_one = '_poisson(' in _code or ('_randn(' in _code and '_rand(' in _code) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _N = {{constant_or_scalar('N', variables['N'])}};
    {% if _one_by_one %}
    for (int _idx = 0; _idx < _N; ++_idx)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
    {% else %}
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
    {% endif %}
{% endblock %}
