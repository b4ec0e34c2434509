{% extends 'common_group.cpp' %}
{% block maincode %}
    recircuit::later_range({{batch_size*n_pre}}, [=](int _begin, int _end) {
        for (int _k = _begin; _k < _end;) {
            const int _first = _k - _k % {{n_pre}}, _stop = std::min(_end, _first + {{n_pre}});
            #pragma GCC ivdep
            for (; _k < _stop; ++_k)
                {{get_array_name(variables['_field'])}}[_k] = {{get_array_name(variables['_weights'])}}[_k - _first]*{{get_array_name(variables['_signal'])}}[_k];
        }
    });
{% endblock %}
