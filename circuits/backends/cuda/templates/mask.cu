{# weights and states of synapses that do not exist are set to zero #}
{# USES_VARIABLES { N } #}
{% extends 'stateupdate.cu' %}
