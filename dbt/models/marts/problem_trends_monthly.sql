-- The declaration in lake/contracts/products.py says which measures there are and how people are protected.
{{ suppressed(ref('int_trend_cells'), product('problem_trends_monthly')) }}
