{# Elementwise statements. Long loops are shared by threads, but where numbers are drawn from the one generator. #}
{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _N = {{constant_or_scalar('N', variables['N'])}};
    {% if 'rand' in vector_code %}
    for (int _idx = 0; _idx < _N; ++_idx)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
    {% else %}
    recircuit::each_range(_N, [=](int _begin, int _end) {
        #pragma GCC ivdep
        for (int _idx = _begin; _idx < _end; ++_idx)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    });
    {% endif %}
{% endblock %}
