{# In every batch element that shows something traces are set, then target = keep*target + mean of what they are made into:
   a thread for each weight. Tied weights sum over the places of the image, a thread for each weight and batch element, and
   one adds up what these are made into; a tap that reads nothing adds nothing. #}
{% extends 'common_group.cu' %}
{% set _tied = kind == 'local' and tied %}
{% set _inputs = channels*taps if kind == 'local' else n_pre %}
{% set _t = get_array_name(variables['_target']) if has_target else '' %}
{% block count %}{{weights}}{% endblock %}
{% block maincode %}
    {{scalar_code|autoindent}}
    using _real = {{c_data_type(variables[traces[0]].dtype)}};
    const int _n = {{get_array_name(variables['_active'])}}[0];
    _real _sum = 0;
{% if _tied %}
    {% if has_target %}
    for (int _column = 0; _column < _n; ++_column) _sum += _partial[std::int64_t(_column)*things + _idx];
    {% endif %}
{% else %}
    const int _row = _idx/{{_inputs}}, _k = _idx%{{_inputs}};
    for (int _column = 0; _column < _n; ++_column) {
        const std::int64_t _trace_index = _column*std::int64_t({{weights}}) + _idx;
{% if kind == 'local' %}
        const int _place = _row/{{maps}}, _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _k%{{taps}}];
        if (_source < 0) continue;
        const int _pre_index = _column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source;
        const int _post_index = _column*{{n_post}} + _row%{{maps}}*{{places}} + _place;
{% else %}
        const int _pre_index = _column*{{n_pre}} + _k;
        const int _post_index = {{'_pre_index' if kind == 'one_to_one' else '_column*%d + _row' % n_post}};
{% endif %}
        {{vector_code|autoindent}}
        {% for name in written %}
        {{get_array_name(variables[name])}}[_trace_index] = _new_{{name}};
        {% endfor %}
        {% if has_target %}
        _sum += _value;
        {% endif %}
    }
{% endif %}
    {% if has_target %}
    {{_t}}[_idx] = {{_t ~ '[_idx] + ' if adds}}_sum/_n;
    {% endif %}
{% endblock %}
{% block kernel %}
{% if _tied %}
__global__ void kernel(const int _count{{', REAL* _parts' if has_target}}%PARAMETERS%)
{
    const int _thread = recircuit::thread();
    const int _idx = _thread%things, _column = _thread/things, _vectorisation_idx = _idx;
    if (_thread >= _count || _column >= {{get_array_name(variables['_active'])}}[0]) return;
    %CONSTANTS%
    %NOISE%
    {{scalar_code|autoindent}}
    const int _row = _idx/{{_inputs}}, _k = _idx%{{_inputs}};
    const std::int64_t _trace_index = _column*std::int64_t({{weights}}) + _idx;
    REAL _whole = 0, _alone = 0;
    for (int _place = 0; _place < {{places}}; ++_place) {
        const int _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _k%{{taps}}];
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
    _parts[_thread] = _whole;
    {% endif %}
}
void launch()
{
    recircuit::launch("{{codeobj_name}}", kernel, things*{{batch_size}}{{', brian::dev_partial_' ~ codeobj_name if has_target}}%ARGUMENTS%);
}
{% else %}
{{super()}}
{% endif %}
{% endblock %}
{% block run %}
    {{super()}}
    {% if _tied and has_target %}
    recircuit::launch_job("{{codeobj_name}}", %BODY%, things);
    {% endif %}
{% endblock %}
