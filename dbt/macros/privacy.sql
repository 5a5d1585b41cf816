{#
    The rules that protect people in a product. Their numbers come from the product's declaration (macro `product`,
    generated from lake/contracts/products.py); nothing here can be set for a run.
#}

{# Only periods that have ended, and whose delay has passed, at the run's clock. #}
{% macro is_closed(period, product) -%}
    ({{ period }} + interval '{{ product.period_interval }}' + interval '{{ product.delay_days }} days' <= cast('{{ var("now") }}' as timestamp))
{%- endmacro %}

{#
    Contribution bounds: of one person at most `per_person` rows in a cell, and at most `cells_per_person` cells in a
    period. Which ones is drawn by a hash, so that it is the same in every run and favours nobody.
#}
{% macro bounded(rows, columns, cell, person, row, product) -%}
    select {{ columns | join(', ') }}
    from (
        select *,
            row_number() over (
                partition by period, {{ cell | join(', ') }}, {{ person }}
                order by md5({{ row }} || {{ cell | join(" || '|' || ") }}), {{ row }}
            ) as nth_row,
            dense_rank() over (
                partition by period, {{ person }}
                order by md5({{ person }} || {{ cell | join(" || '|' || ") }}), {{ cell | join(', ') }}
            ) as nth_cell
        from {{ rows }}
    ) as ranked
    where nth_row <= {{ product.per_person }} and nth_cell <= {{ product.cells_per_person }}
{%- endmacro %}

{#
    Count rows by cell, with what the rule needs to know: how many people are behind the count, and the largest part of
    it that belongs to one of them. When two kinds of people are behind a row (who voted, and for whom), the smaller
    crowd and the larger part decide.
#}
{% macro tally(rows, grain, measure, people) -%}
    select
        {{ grain }},
        cast(count(*) as integer) as {{ measure }},
        cast(least({% for person in people %}count(distinct {{ person }}){{ ', ' if not loop.last }}{% endfor %}) as integer) as {{ measure }}_contributors,
        cast(greatest({% for person in people %}max(of_{{ person }}){{ ', ' if not loop.last }}{% endfor %}) as integer) as {{ measure }}_largest
    from (
        select *{% for person in people %}, count(*) over (partition by {{ grain }}, {{ person }}) as of_{{ person }}{% endfor %}
        from {{ rows }}
    ) as parts
    group by {{ grain }}
{%- endmacro %}

{# A share is shown when both sides of it have enough people: neither "all" nor "none" of a few can be read from it. #}
{% macro both_sides(condition, person) -%}
    cast(least(
        count(distinct {{ person }}) filter (where {{ condition }}),
        count(distinct {{ person }}) filter (where not ({{ condition }}))
    ) as integer)
{%- endmacro %}

{# Whether a measure of a cell may be shown. #}
{% macro is_safe(measure, product, is_count=true) -%}
    ({{ measure }}_contributors >= {{ product.k }}
    {%- if is_count %} and {{ measure }}_largest * 100 <= {{ product.dominance_percent }} * {{ measure }}{% endif %})
{%- endmacro %}

{# What the product shows of all its cells: measures that may be shown, rounded; the others null; no cell without its first measure. #}
{% macro suppressed(cells, product) -%}
    select
        {% for name in product.grain -%}
        {{ name }},
        {% endfor -%}
        {% for measure in product.measures -%}
        case when {{ is_safe(measure.name, product, measure.is_count) }} then
            {%- if measure.is_rounded %} cast(round({{ measure.name }} / {{ product.rounding }}.0) * {{ product.rounding }} as integer)
            {%- else %} cast({{ measure.name }} as integer){% endif %} end as {{ measure.name }},
        {% endfor -%}
        period_people >= 2 * {{ product.k }} as may_be_late
    from {{ cells }}
    where
        {{ is_safe(product.measures[0].name, product, product.measures[0].is_count) }}
        and members >= least_members
        and {{ is_closed('period', product) }}
{%- endmacro %}
