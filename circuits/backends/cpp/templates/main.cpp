{# The program, which sets the arrays to their initial values, and then serves Python. #}
#include "objects.h"
#include "recircuit.h"

{% for code in code_objects | sort(attribute='name') %}
void _run_{{code.name}}();
{% endfor %}

int main() {
    using namespace brian;
    _init_arrays();
    {{main_lines|autoindent}}
}
