{# target = keep*target + scale/active * sum over the batch elements that hold a stimulus; tied: and over places. Of tied weights
   blocks make parts of the sum (source/windows.h), which a thread per weight adds up; otherwise it does all by itself. #}
{% extends 'common_group.cu' %}
{% block count %}{{(1 if tied else places)*maps*channels*taps}}{% endblock %}
{% block maincode %}
{% set _inputs = channels*taps %}
{% set _target = get_array_name(variables['_target']) %}
    {{scalar_code|autoindent}}
    using _real = {{c_data_type(variables['_target'].dtype)}};
    const int _n = {{get_array_name(variables['_active'])}}[0];
    _real _sum = 0;
{% if tied %}
    for (int _split = 0; _split < %SPLITS%; ++_split) _sum += _partial[std::int64_t(_split)*things + _idx];
{% else %}
    const int _row = _idx/{{_inputs}}, _k = _idx%{{_inputs}};
    const int _map = _row%{{maps}}, _place = _row/{{maps}};
    const int _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _k%{{taps}}];
    for (int _column = 0; _column < _n && _source >= 0; ++_column)
        _sum += {{get_array_name(variables['_post'])}}[_column*{{n_post}} + _map*{{places}} + _place]*{{get_array_name(variables['_pre'])}}[_column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source];
{% endif %}
    {{_target}}[_idx] = _real(_keep)*{{_target}}[_idx] + _real(_scale)/_n*_sum;
{% endblock %}
{% block kernel %}
{% if tied %}
{% set _real = c_data_type(variables['_target'].dtype) %}
#include "windows.h"
void launch()
{
    using namespace brian;
    recircuit::add_windows("{{codeobj_name}}", recircuit::Windows<{{_real}}>{{'{'}}{{get_array_name(variables['_post'], prefix='dev')}}, {{get_array_name(variables['_pre'], prefix='dev')}},
        {{get_array_name(variables['_where'], prefix='dev')}}, dev_partial_{{codeobj_name}}, {{maps}}, {{channels}}, {{taps}}, {{places}}, {{sources}}, recircuit::active, %SPLITS%});
}
{% else %}
{{super()}}
{% endif %}
{% endblock %}
{% block run %}
    {% if once %}
    recircuit::launch_job("{{codeobj_name}}", %PREPARE%, 0);
    {% endif %}
    launch();
    {% if tied %}
    recircuit::launch_job("{{codeobj_name}}", %BODY%, things);
    {% endif %}
{% endblock %}
