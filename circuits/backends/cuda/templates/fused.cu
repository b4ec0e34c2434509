{# target = keep*target + scale * mean over batch elements of an expression of pre, post and synapse: a thread per weight.
   Of local connections, a tap that reads nothing adds nothing. Tied weights add up over places too: that long sum is split
   among several threads per weight, and one adds up what they have, in their order. #}
{% extends 'common_group.cu' %}
{% set _split = kind == 'local' and tied %}
{% set _inputs = channels*taps if kind == 'local' else 1 %}
{% block count %}
{% if kind == 'local' %}{{(1 if tied else places)*maps*channels*taps}}
{% else %}{{n_pre if kind == 'one_to_one' else n_pre*n_post}}
{% endif %}
{% endblock %}
{% block maincode %}
{% set _target = get_array_name(variables['_target']) %}
    {{scalar_code|autoindent}}
    using _real = {{c_data_type(variables['_target'].dtype)}};
    const int _n = {{get_array_name(variables['_active'])}}[0];
    _real _sum = 0;
{% if _split %}
    for (int _part = 0; _part < %SPLITS%; ++_part) _sum += _partial[std::int64_t(_part)*things + _idx];
{% elif kind == 'local' %}
    const int _row = _idx/{{_inputs}}, _k = _idx%{{_inputs}}, _place = _row/{{maps}};
    const int _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _k%{{taps}}];
    for (int _column = 0; _column < _n && _source >= 0; ++_column) {
        const int _pre_index = _column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source;
        const int _post_index = _column*{{n_post}} + _row%{{maps}}*{{places}} + _place;
        {{vector_code|autoindent}}
        _sum += _value;
    }
{% else %}
    for (int _column = 0; _column < _n; ++_column) {
        const int _pre_index = _column*{{n_pre}} + _idx%{{n_pre}};
        const int _post_index = {{'_pre_index' if kind == 'one_to_one' else '_column*%d + _idx/%d' % (n_post, n_pre)}};
        {{vector_code|autoindent}}
        _sum += _value;
    }
{% endif %}
    {{_target}}[_idx] = _real(_keep)*{{_target}}[_idx] + _real(_scale)/_n*_sum;
{% endblock %}
{% block kernel %}
{% if _split %}
__global__ void kernel(const int _count, REAL* _parts%PARAMETERS%)
{
    const int _thread = recircuit::thread();
    if (_thread >= _count) return;
    %CONSTANTS%
    const int _idx = _thread%things, _part = _thread/things, _vectorisation_idx = _idx;
    %NOISE%
    {{scalar_code|autoindent}}
    const int _row = _idx/{{_inputs}}, _k = _idx%{{_inputs}};
    const std::int64_t _all = std::int64_t({{get_array_name(variables['_active'])}}[0])*{{places}};
    REAL _sum = 0;
    for (std::int64_t _at = _all*_part/%SPLITS%; _at < _all*(_part + 1)/%SPLITS%; ++_at) {
        const int _column = _at/{{places}}, _place = _at%{{places}};
        const int _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _k%{{taps}}];
        if (_source < 0) continue;
        const int _pre_index = _column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source;
        const int _post_index = _column*{{n_post}} + _row*{{places}} + _place;
        {{vector_code|autoindent}}
        _sum += _value;
    }
    _parts[_thread] = _sum;
}
void launch()
{
    recircuit::launch("{{codeobj_name}}", kernel, things*%SPLITS%, brian::dev_partial_{{codeobj_name}}%ARGUMENTS%);
}
{% else %}
{{super()}}
{% endif %}
{% endblock %}
{% block run %}
    {{super()}}
    {% if _split %}
    recircuit::launch_job("{{codeobj_name}}", %BODY%, things);
    {% endif %}
{% endblock %}
