{# what does not exist is set to zero #}
{# USES_VARIABLES { N } #}
{% extends 'stateupdate.cu' %}
