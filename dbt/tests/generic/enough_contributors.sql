{#
    Every published number has k people behind it, none of them dominant, and "other" hides more than one cell: read from
    the relation of all cells by the product's declaration, independently of the macro that suppresses.
    Its rows are constants: a failure shows how many, never which.
#}
{% test enough_contributors(model, cells) %}
{% if execute %}
{%- set product = product(model.identifier) %}
select 1 as broken
from {{ model }} as shown
left join {{ cells }} as cell using ({{ product.grain | join(', ') }})
where
    cell.period is null
    or cell.members < cell.least_members
    {%- for measure in product.measures %}
    or (shown.{{ measure.name }} is not null and coalesce(cell.{{ measure.name }}_contributors, 0) < {{ product.k }})
    {%- if measure.is_count %}
    or (shown.{{ measure.name }} is not null and cell.{{ measure.name }}_largest * 100 > {{ product.dominance_percent }} * cell.{{ measure.name }})
    or shown.{{ measure.name }} % {{ product.rounding }} <> 0
    {%- endif %}
    {%- endfor %}
{% endif %}
{% endtest %}
