{# a shared variable = the mean over the batch elements that show something: a thread for each unit #}
{% extends 'job.cu' %}
{% block count %}{{units}}{% endblock %}
{% block maincode %}
    using _real = {{c_data_type(variables['_shared'].dtype)}};
    const int _n = {{get_array_name(variables['_active'])}}[0];
    _real _sum = 0;
    for (int _column = 0; _column < _n; ++_column) _sum += {{get_array_name(variables['_each'])}}[_column*{{units}} + _idx];
    {{get_array_name(variables['_shared'])}}[_idx] = _sum/_n;
{% endblock %}
