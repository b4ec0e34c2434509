{# target = keep*target + scale * mean over batch_size of an expression of pre, post and synapse: a thread per weight.
   Of local connections, tied weights add up over places too; a tap that reads nothing adds nothing. #}
{% extends 'common_group.cu' %}
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
{% if kind == 'local' %}
{% set _inputs = channels*taps %}
    const int _row = _idx/{{_inputs}}, _k = _idx%{{_inputs}};
    for (int _place = {{'0' if tied else '_row/%d' % maps}}; _place < {{places if tied else '_row/%d + 1' % maps}}; ++_place) {
        const int _source = {{get_array_name(variables['_where'])}}[_place*{{taps}} + _k%{{taps}}];
        if (_source < 0) continue;
        for (int _column = 0; _column < _n; ++_column) {
            const int _pre_index = _column*{{n_pre}} + _k/{{taps}}*{{sources}} + _source;
            const int _post_index = _column*{{n_post}} + {{'_row' if tied else '_row%%%d' % maps}}*{{places}} + _place;
            {{vector_code|autoindent}}
            _sum += _value;
        }
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
