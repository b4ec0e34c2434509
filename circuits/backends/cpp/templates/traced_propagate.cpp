{# field = signal T^T in each batch element, or signal T if the traces belong to a projection in the opposite direction #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    using _real = {{c_data_type(variables['_field'].dtype)}};
    const _real* _all = {{get_array_name(variables['_traces'])}};
    const _real* _sent = {{get_array_name(variables['_signal'])}};
    _real* _received = {{get_array_name(variables['_field'])}};
    recircuit::each_rows({{batch_size if transposed else batch_size*n_post}}, {{batch_size*n_pre*n_post}}L, [=](int _begin, int _end) {
        for (int _row = _begin; _row < _end; ++_row) {
{% if transposed %}
            _real* _sums = _received + long(_row)*{{n_post}};
            for (int _k = 0; _k < {{n_post}}; ++_k)
                _sums[_k] = 0;
            for (int _j = 0; _j < {{n_pre}}; ++_j) {
                const _real _one = _sent[long(_row)*{{n_pre}} + _j];
                const _real* _trace = _all + (long(_row)*{{n_pre}} + _j)*{{n_post}};
                for (int _k = 0; _k < {{n_post}}; ++_k)
                    _sums[_k] += _one*_trace[_k];
            }
{% else %}
            const _real* _trace = _all + long(_row)*{{n_pre}};
            const _real* _signal = _sent + long(_row/{{n_post}})*{{n_pre}};
            _real _sum = 0;
            for (int _k = 0; _k < {{n_pre}}; ++_k)
                _sum += _trace[_k]*_signal[_k];
            _received[_row] = _sum;
{% endif %}
        }
    });
{% endblock %}
