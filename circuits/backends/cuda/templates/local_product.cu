{# target = keep*target + scale/active * sum over the batch_size that hold a stimulus; tied: and over places. A thread per
   weight. #}
{% extends 'common_group.cu' %}
{% block count %}{{(1 if tied else places)*maps*channels*taps}}{% endblock %}
{% block maincode %}
{% set _inputs = channels*taps %}
{% set _target = get_array_name(variables['_target']) %}
    {{scalar_code|autoindent}}
    using _real = {{c_data_type(variables['_target'].dtype)}};
    const int _n = {{get_array_name(variables['_active'])}}[0];
    const int _row = _idx/{{_inputs}}, _k = _idx%{{_inputs}};
    const int _map = {{'_row' if tied else '_row%%%d' % maps}};
    _real _sum = 0;
    for (int _place = {{'0' if tied else '_row/%d' % maps}}; _place < {{places if tied else '_row/%d + 1' % maps}}; ++_place) {
        const int _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _k%{{taps}}];
        if (_source < 0) continue;
        for (int _column = 0; _column < _n; ++_column)
            _sum += {{get_array_name(variables['_post'])}}[_column*{{n_post}} + _map*{{places}} + _place]*{{get_array_name(variables['_pre'])}}[_column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source];
    }
    {{_target}}[_idx] = _real(_keep)*{{_target}}[_idx] + _real(_scale)/_n*_sum;
{% endblock %}
